from django.urls import reverse

from portal.manual import manual, read
from portal.prose import prose

NEW = {"schema": {"$ref": "#/components/schemas/New"}}
MANY = {"schema": {"type": "array", "items": NEW["schema"]}}
CALL = {
    "operationId": "register",
    "tags": ["cloud accounts"],
    "summary": "Register",
    "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
    "requestBody": {"content": {"application/json": NEW}},
    "responses": {"201": {"content": {"application/json": MANY}}},
}
DOCUMENT = {
    "info": {"title": "T", "description": "Two `**words**`."},
    "tags": [{"name": "cloud accounts", "description": "Registering."}],
    "paths": {"/accounts/": {"post": CALL}},
    "components": {
        "schemas": {
            "New": {"properties": {"id": {"type": "string", "format": "uuid"}}, "required": ["id"]},
            "State": {"enum": ["on", "off"]},
        }
    },
}


def test_a_document_is_read_by_chapters_calls_and_shapes():
    [chapter] = read(DOCUMENT).chapters
    [call] = chapter.calls

    assert chapter.anchor == "cloud-accounts"
    assert (call.method, call.path, call.body) == ("POST", "/accounts/", "New")
    assert [(answer.status, answer.link) for answer in call.answers] == [("201", "New")]


def test_a_shape_has_its_fields_or_its_values():
    new, state = read(DOCUMENT).shapes

    [field] = new.fields
    assert (field.name, field.kind, field.required) == ("id", "string, uuid", True)
    assert state.values == ["on", "off"]


def test_every_call_of_the_real_document_has_its_place_on_the_page(client, db):
    text = client.get(reverse("docs")).text

    calls = [call for chapter in manual().chapters for call in chapter.calls]
    assert len(calls) > 40
    assert [call.path for call in calls if call.path not in text] == []


def test_every_link_of_the_page_leads_somewhere():
    shapes = {shape.name for shape in manual().shapes}
    calls = [call for chapter in manual().chapters for call in chapter.calls]

    linked = {answer.link for call in calls for answer in call.answers} | {call.body for call in calls}
    assert linked - shapes - {""} == set()


def test_prose_shows_marks_and_escapes_the_rest():
    assert prose("**Who** `<a *b*>`.") == "<p><strong>Who</strong> <code>&lt;a *b*&gt;</code>.</p>"
    assert prose("1. one\n2. two") == '<ol class="numbered"><li>one</li><li>two</li></ol>'
    assert prose("") == ""
