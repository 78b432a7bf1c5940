"""The gate in front of the engine: nobody passes who would not pass at AWS."""
