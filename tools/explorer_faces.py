"""Write book/_static/explorer-faces.js: the synthetic faces that the explorers show.

Run it again whenever the renderer changes: python -m tools.explorer_faces
"""

import base64
import json
from pathlib import Path

from data_fetch.sample import face

TARGET = Path(__file__).parents[1] / "book" / "_static" / "explorer-faces.js"
# (expression, identity): faces that differ in brows, mouth, skin and hair.
FACES = (("happy", 0), ("surprise", 1), ("angry", 5), ("sad", 3), ("neutral", 2))


def script() -> str:
    """Return the text of explorer-faces.js: one face per line, its bytes row by row in Base64."""
    faces = [
        {
            "name": f"{'an' if expression[0] in 'aeiou' else 'a'} {expression} face",
            "pixels": base64.b64encode(face(expression, identity=identity).tobytes()).decode(),
        }
        for expression, identity in FACES
    ]
    return (
        "// Synthetic faces of 48×48 pixels, written by tools/explorer_faces.py; not for editing.\n"
        "window.readingFaces = window.readingFaces || {};\n"
        f"window.readingFaces.faces = {json.dumps(faces, indent=0)};\n"
    )


if __name__ == "__main__":
    TARGET.write_text(script(), encoding="utf-8")
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size} bytes")
