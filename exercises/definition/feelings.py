"""The shared feeling words: six families, two languages, a shape each.

The words are ours, not a validated instrument: they are never scored.
"""

from dataclasses import dataclass

from exercises.definition.model import Text


@dataclass(frozen=True)
class Feeling:
    """One word with its abstract shape."""

    key: str
    text: Text
    shape: str


@dataclass(frozen=True)
class Family:
    """Words that belong together."""

    key: str
    text: Text
    shape: str
    words: tuple[Feeling, ...]


def _text(english: str, spanish: str) -> Text:
    return Text((("en", english), ("es", spanish)))


def _family(key: str, english: str, spanish: str, shape: str, lines: str) -> Family:
    words = []
    for line in lines.strip().splitlines():
        word, drawn, in_english, in_spanish = (part.strip() for part in line.split("|"))
        words.append(Feeling(word, _text(in_english, in_spanish), drawn))
    return Family(key, _text(english, spanish), shape, tuple(words))


# No shape twice in a family, where words stand side by side.
# key | shape | English | Spanish. A key is stored in answers: never change one.
FAMILIES: tuple[Family, ...] = (
    _family(
        "sad",
        "Hurt and sad",
        "Dolor y tristeza",
        "sad",
        """
        hurt         | hurt        | hurt            | con dolor
        sad          | sad         | sad             | triste
        let-down     | heavy       | let down        | con desilusión
        misunderstood| turned-away | misunderstood   | sin que me entiendan
        grieving     | longing     | grieving        | de duelo
        discouraged  | small       | discouraged     | sin ánimo
        weary        | numb        | worn out        | sin fuerzas
        """,
    ),
    _family(
        "alone",
        "Alone and longing",
        "Soledad y añoranza",
        "alone",
        """
        alone        | alone       | alone           | en soledad
        left-out     | unknown     | left out        | al margen
        turned-away  | turned-away | turned away     | con sensación de rechazo
        unseen       | small       | unseen          | invisible
        unloved      | numb        | unloved         | con falta de cariño
        longing      | longing     | longing         | con añoranza
        missing-you  | sad         | missing someone | extrañando a alguien
        """,
    ),
    _family(
        "afraid",
        "Afraid and uneasy",
        "Miedo e inquietud",
        "afraid",
        """
        afraid       | afraid      | afraid          | con miedo
        anxious      | restless    | anxious         | con ansiedad
        unsafe       | hurt        | unsafe          | sin sentirme a salvo
        on-edge      | hot         | on edge         | en alerta
        torn         | turned-away | torn in two     | entre dos impulsos
        helpless     | small       | helpless        | con impotencia
        too-much     | too-much    | it's too much   | es demasiado
        """,
    ),
    _family(
        "angry",
        "Angry and heated",
        "Enojo e irritación",
        "hot",
        """
        annoyed      | restless    | annoyed         | con fastidio
        angry        | hot         | angry           | con enojo
        furious      | afraid      | furious         | con furia
        bitter       | heavy       | bitter          | con amargura
        jealous      | longing     | jealous         | con celos
        pushed       | too-much    | pushed          | bajo presión
        crowded      | numb        | crowded         | sin espacio
        """,
    ),
    _family(
        "ashamed",
        "Ashamed, or hard to name",
        "Vergüenza, o difícil de nombrar",
        "ashamed",
        """
        ashamed      | ashamed     | ashamed         | con vergüenza
        guilty       | heavy       | guilty          | con culpa
        small        | small       | small           | insignificante
        not-enough   | longing     | not good enough | sin dar la talla
        exposed      | alone       | exposed         | al descubierto
        numb         | numb        | numb            | sin sentir nada
        unknown      | unknown     | I don’t know yet| todavía no lo sé
        """,
    ),
    _family(
        "warm",
        "Warm and steady",
        "Calidez y calma",
        "warm",
        """
        loved        | warm        | loved           | con la sensación de que me quieren
        tender       | touching    | tender          | con ternura
        grateful     | held        | grateful        | con gratitud
        hopeful      | rising      | hopeful         | con esperanza
        relieved     | settling    | relieved        | con alivio
        calm         | steady      | calm            | en calma
        proud        | tall        | proud           | con orgullo
        """,
    ),
)
WORDS: dict[str, Feeling] = {word.key: word for family in FAMILIES for word in family.words}
