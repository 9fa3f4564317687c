"""What a client agrees to, in versions. A changed wording gets a new version; who signed an old one keeps it."""

from django.utils.translation import gettext_lazy as _

VERSION = "2026-11-28.2"
TEXTS = {
    "en": (
        "I would like to use Homeward between sessions.\n\n"
        "My therapist reads what I send, and what I put down for a session. A supervisor may read"
        " what I send, too. Some answers reach my therapist at once, without being sent, such as a"
        " yes to the question whether I was afraid of my partner. The page says so before I answer.\n\n"
        "My partner reads nothing of it, unless I agree to one answer being shown. The practice’s"
        " office sees names, dates and states, no words.\n\n"
        "What I write is stored encrypted. Each time somebody else reads it, that is noted, and I"
        " can see it.\n\n"
        "Nobody watches Homeward around the clock. In danger, the numbers under “Get help now” are"
        " quicker. If what I write shows that someone is in danger, my therapist may have to act,"
        " and tells me first where that is safe.\n\n"
        "I can stop at any time, take a copy, and ask for my record to be erased. The law may make"
        " the practice keep it for a time."
    ),
    "es": (
        "Quiero usar Homeward entre sesiones.\n\n"
        "Mi terapeuta lee lo que envío y lo que dejo anotado para una sesión. Una persona que"
        " supervisa también puede leer lo que envío. Algunas respuestas le llegan a mi terapeuta"
        " enseguida, sin que las envíe, como un sí a la pregunta de si tuve miedo de mi pareja. La"
        " página lo dice antes de que responda.\n\n"
        "Mi pareja no lee nada de esto, salvo que yo acepte que se le muestre una respuesta. La"
        " administración del consultorio ve nombres, fechas y estados, ninguna palabra.\n\n"
        "Lo que escribo se guarda cifrado. Cada vez que otra persona lo lee, queda anotado y puedo"
        " verlo.\n\n"
        "Nadie vigila Homeward las 24 horas. Si hay peligro, los números que están en «Pedir ayuda"
        " ahora» son más rápidos. Si lo que escribo muestra que alguien está en peligro, puede que"
        " mi terapeuta tenga que actuar, y me lo dice antes si eso es seguro.\n\n"
        "Puedo parar cuando quiera, llevarme una copia y pedir que se borre mi historial. Puede que"
        " la ley obligue al consultorio a conservarlo un tiempo."
    ),
}
SIGNED_IN = {
    "en": _("You agreed to this in English."),
    "es": _("You agreed to this in Spanish."),
}


def current(language: str) -> tuple[str, str]:
    """Return the version and the words, in `language` or else in English."""
    return VERSION, TEXTS.get(language, TEXTS["en"])
