"""Words for the eleven steps of a scale, shared by name (`words: strength`)."""

from exercises.definition.model import Text


def _steps(english: str, spanish: str) -> tuple[Text, ...]:
    return tuple(
        Text((("en", one.strip()), ("es", uno.strip())))
        for one, uno in zip(english.split("|"), spanish.split("|"), strict=True)
    )


STEP_WORDS: dict[str, tuple[Text, ...]] = {
    "closeness": _steps(
        "as far as can be|very far|far|rather far|a little far|neither far nor close"
        "|a little close|rather close|close|very close|as close as can be",
        "tan lejos como se puede|muy lejos|lejos|bastante lejos|un poco lejos"
        "|ni lejos ni cerca|un poco cerca|bastante cerca|cerca|muy cerca|tan cerca como se puede",
    ),
    "strength": _steps(
        "not at all|barely|faint|slight|mild|medium|clear|strong|very strong|nearly too strong"
        "|as strong as can be",
        "nada|apenas|débil|leve|suave|mediano|marcado|fuerte|muy fuerte|casi demasiado fuerte"
        "|tan fuerte como se puede",
    ),
    "relief": _steps(
        "no relief|hardly any|very little|a little|some|about half|a fair amount|clearly better"
        "|much better|almost at peace|at peace",
        "ningún alivio|casi nada|muy poco|un poco|algo|más o menos la mitad|bastante"
        "|claramente mejor|mucho mejor|casi en paz|en paz",
    ),
    "reach": _steps(
        "does not reach me|hardly|very little|a little|somewhat|halfway|quite|well|very well"
        "|deeply|goes straight to the heart",
        "no me llega|apenas|muy poco|un poco|algo|a medias|bastante|bien|muy bien"
        "|muy hondo|directo al corazón",
    ),
    "ease": _steps(
        "very hard|hard|rather hard|a little hard|takes a little effort|neither hard nor easy"
        "|on the easy side|rather easy|easy|very easy|comes by itself",
        "muy difícil|difícil|bastante difícil|un poco difícil|con un poco de esfuerzo"
        "|ni difícil ni fácil|más bien fácil|bastante fácil|fácil|muy fácil|me sale sin pensarlo",
    ),
}
