"""What a client agrees to, in versions. A changed wording gets a new version; who signed an old one keeps it."""

from django.utils.translation import gettext_lazy as _

VERSION = "2026-11-27"
TEXTS = {
    "en": (
        "I would like to use Homeward between sessions.\n\n"
        "My therapist reads what I send, and a supervisor may read it too. My partner reads"
        " nothing of it, unless I agree to one answer being shown. The practice’s office sees"
        " names and dates, no words.\n\n"
        "What I write is stored encrypted. Each time somebody else reads it, that is noted, and I"
        " can see it.\n\n"
        "Nobody watches Homeward around the clock: in danger I call for help.\n\n"
        "I can stop at any time, take a copy, and ask for my record to be erased."
    ),
    "es": (
        "Quiero usar Homeward entre sesiones.\n\n"
        "Mi terapeuta lee lo que envío, y una persona que supervisa también puede leerlo. Mi"
        " pareja no lee nada de esto, salvo que yo acepte que se le muestre una respuesta. La"
        " oficina del consultorio ve nombres y fechas, ninguna palabra.\n\n"
        "Lo que escribo se guarda cifrado. Cada vez que otra persona lo lee, queda anotado y puedo"
        " verlo.\n\n"
        "Nadie vigila Homeward las 24 horas: si hay peligro, pido ayuda por teléfono.\n\n"
        "Puedo parar cuando quiera, llevarme una copia y pedir que se borre mi historial."
    ),
}
SIGNED_IN = {
    "en": _("You agreed to this in English."),
    "es": _("You agreed to this in Spanish."),
}


def current(language: str) -> tuple[str, str]:
    """Return the version and the words, in `language` or else in English."""
    return VERSION, TEXTS.get(language, TEXTS["en"])
