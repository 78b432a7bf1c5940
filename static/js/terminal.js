// A terminal that only shows: what a recording says is drawn into lines of text and colours (ECMA-48, and
// of xterm what shells and editors use). It knows no keyboard and answers nothing.
const TOKENS = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|\x1b.|[^]/gu;
const SCROLLBACK = 1000; // lines above the screen
const LARGEST = 500; // columns and rows
const size = (given, usual) => Math.min(LARGEST, Math.max(1, Number(given) || usual));

export class Terminal {
  constructor(columns, rows) {
    this.resize(columns, rows);
    this.clear();
  }

  resize(columns, rows) {
    this.columns = size(columns, 80);
    this.rows = size(rows, 24);
  }

  clear() {
    this.lines = [[]];
    this.row = this.column = 0;
    this.pen = {};
    this.style = "";
    this.kept = null; // the main screen, while an editor has the other one
  }

  write(text) {
    for (const [token] of text.matchAll(TOKENS)) this.take(token);
  }

  take(token) {
    if (token.startsWith("\x1b[")) this.control(token.slice(2, -1), token.at(-1));
    else if (token === "\x1bM") this.row = Math.max(this.top, this.row - 1);
    else if (token === "\n") this.down();
    else if (token === "\r") this.column = 0;
    else if (token === "\b") this.column = Math.max(0, this.column - 1);
    else if (token === "\t") this.column = Math.min(this.columns - 1, (Math.floor(this.column / 8) + 1) * 8);
    else if (token >= " " && token !== "\x7f" && token[0] !== "\x1b") this.put(token);
  }

  get top() { return Math.max(0, this.lines.length - this.rows); }

  put(sign) {
    if (this.column >= this.columns) { this.column = 0; this.down(); }
    const line = this.lines[this.row];
    while (line.length < this.column) line.push([" ", ""]);
    line[this.column++] = [sign, this.style];
  }

  down() {
    this.row += 1;
    if (this.row === this.lines.length) this.lines.push([]);
    if (this.lines.length > SCROLLBACK + this.rows) { this.lines.shift(); this.row -= 1; }
  }

  place(row, column) {
    this.row = this.top + Math.min(this.rows, Math.max(1, row)) - 1;
    this.column = Math.min(this.columns, Math.max(1, column)) - 1;
    while (this.lines.length <= this.row) this.lines.push([]);
  }

  control(given, kind) {
    const numbers = given.replace(/^[?>=]/, "").split(";").map(Number);
    const [first, second] = numbers;
    if (given.startsWith("?")) { if (first === 1049 || first === 47) this.other(kind === "h"); return; }
    const steps = Math.min(LARGEST, first || 1);
    const moves = {
      m: () => this.paint(numbers),
      K: () => this.eraseLine(first),
      J: () => this.erase(first),
      H: () => this.place(first || 1, second || 1),
      f: () => this.place(first || 1, second || 1),
      d: () => this.place(first || 1, this.column + 1),
      G: () => { this.column = Math.min(this.columns, steps) - 1; },
      A: () => { this.row = Math.max(this.top, this.row - steps); },
      B: () => this.place(this.row - this.top + 1 + steps, this.column + 1),
      C: () => { this.column = Math.min(this.columns - 1, this.column + steps); },
      D: () => { this.column = Math.max(0, this.column - steps); },
      P: () => this.lines[this.row].splice(this.column, steps),
      X: () => { for (let i = 0; i < steps && this.lines[this.row][this.column + i]; i += 1) this.lines[this.row][this.column + i] = [" ", ""]; },
      "@": () => this.lines[this.row].splice(this.column, 0, ...Array.from({ length: steps }, () => [" ", ""])),
      L: () => this.lines.splice(this.row, 0, ...Array.from({ length: steps }, () => [])),
      M: () => { this.lines.splice(this.row, steps); while (this.lines.length <= this.row) this.lines.push([]); },
    };
    moves[kind]?.();
  }

  eraseLine(what) {
    const line = this.lines[this.row];
    if (what === 2) line.length = 0;
    else if (what === 1) line.fill([" ", ""], 0, this.column + 1);
    else line.length = Math.min(line.length, this.column);
  }

  erase(what) {
    if (what >= 2) {
      for (let row = this.top; row < this.lines.length; row += 1) this.lines[row] = [];
    } else if (!what) {
      this.eraseLine(0);
      this.lines.length = this.row + 1;
    }
  }

  other(begins) {
    if (begins && !this.kept) {
      this.kept = [this.lines, this.row, this.column];
      [this.lines, this.row, this.column] = [[[]], 0, 0];
    } else if (!begins && this.kept) {
      [this.lines, this.row, this.column] = this.kept;
      this.kept = null;
    }
  }

  paint(numbers) {
    for (let at = 0; at < numbers.length; at += 1) {
      const number = numbers[at];
      if (!number) this.pen = {};
      else if (number === 1) this.pen.bold = true;
      else if (number === 4) this.pen.line = true;
      else if (number === 7) this.pen.turned = true;
      else if (number === 22) this.pen.bold = false;
      else if (number === 24) this.pen.line = false;
      else if (number === 27) this.pen.turned = false;
      else if (number === 38 || number === 48) at += this.mix(number, numbers.slice(at + 1));
      else if (number === 39) this.pen.ink = undefined;
      else if (number === 49) this.pen.paper = undefined;
      else if (Math.floor(number / 10) === 3 || Math.floor(number / 10) === 9) this.pen.ink = number % 10;
      else if (Math.floor(number / 10) === 4 || Math.floor(number / 10) === 10) this.pen.paper = number % 10;
    }
    this.style = this.classes();
  }

  // Of 256 colours the first sixteen are those that have names; the others are left as they were.
  mix(number, [kind, colour]) {
    if (kind === 5 && colour < 16) this.pen[number === 38 ? "ink" : "paper"] = colour % 8;
    return kind === 5 ? 2 : 4;
  }

  classes() {
    const { bold, line, turned, ink, paper } = this.pen;
    const found = [bold && "t-bold", line && "t-line", turned && "t-turned"];
    if (ink >= 0 && ink < 8) found.push(`t-ink-${ink}`);
    if (paper >= 0 && paper < 8) found.push(`t-paper-${paper}`);
    return found.filter(Boolean).join(" ");
  }

  // What is to be seen, as pieces of one line each: [text, classes].
  *pieces() {
    for (const [index, line] of this.lines.entries()) {
      let text = index ? "\n" : "", style = "";
      for (const [sign, own] of line) {
        if ((own ?? "") !== style) { if (text) yield [text, style]; text = ""; style = own ?? ""; }
        text += sign;
      }
      if (text) yield [text, style];
    }
  }
}
