"""What a client agrees to, in versions. A changed wording gets a new version; old ones stay."""

VERSION = "2026-11"
TEXTS = {
    "en": (
        "I would like to use Homeward between sessions. My therapist reads what I send, and a"
        " supervisor may read it too. My partner reads nothing of it. The practice's office sees"
        " names and dates, no words. What I write is stored encrypted. Each time somebody else"
        " reads it, that is noted, and I can see it. Nobody watches Homeward around the clock:"
        " in danger I call for help. I can stop at any time, take a copy, and ask for my record"
        " to be erased."
    ),
    "es": (
        "Quiero usar Homeward entre sesiones. Mi terapeuta lee lo que envío, y una persona que"
        " supervisa también puede leerlo. Mi pareja no lee nada de esto. La oficina del"
        " consultorio ve nombres y fechas, ninguna palabra. Lo que escribo se guarda cifrado. Cada"
        " vez que otra persona lo lee, queda anotado y puedo verlo. Nadie vigila Homeward las 24"
        " horas: si hay peligro, pido ayuda por teléfono. Puedo parar cuando quiera, llevarme una"
        " copia y pedir que se borre mi registro."
    ),
}


def current(language: str) -> tuple[str, str]:
    """Return the version and the words, in `language` or else in English."""
    return VERSION, TEXTS.get(language, TEXTS["en"])
