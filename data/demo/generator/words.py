"""What the synthetic creators say, write and are called.

All of it was written for this demo and is in the public domain (CC0). None of it describes what is seen: the texts
are dealt out independently of the planted aesthetic.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


HANDLE_WORDS = _words(
    "abacus acorn anchor arrow basket beacon bridge button candle canoe compass copper cricket domino ember fiddle "
    "garnet harbor heron island juniper kettle lantern lemon magnet maple marble meadow needle otter paddle pebble "
    "quartz ribbon saddle thimble tulip walnut willow zephyr"
)

GIVEN_NAMES = _words(
    "Ada Álvaro Bea Çelik Dörte Émile Fiona Gökhan Hélène Inês Jonas Kateřina Lúcia Mårten Noémi Óscar Pía Quentin "
    "Renée Søren Teo Uma Valérie Wanda Ximena Yara Zoë André Björn Chloé"
)
FAMILY_NAMES = _words(
    "Abalone Brücke Corvalán Dupré Eikenveld Fônte Granström Hölzel Ibáñez Jardim Kowal Lacombe Möller Novotná Orsini "
    "Pätzold Quiroga Rossetti Sørby Tavares"
)

REGIONS = ("North Isles", "Lower Valley", "East Terrace", "Old Coast", "Río Alto", "Grünmark")

SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "Hello everyone, today I want to show you something new.",
        "I made this in the morning before going to work.",
        "Let me know what you think about it in the comments.",
        "This took me about three days from start to finish.",
        "Many people asked me how I did this, so here it is.",
        "We went for a long walk and came back before dinner.",
        "Thank you all for watching, I will see you next week.",
        "There are only two things you need to remember.",
        "My sister told me to try this again, and she was right.",
        "I have been waiting the whole month to share this with you.",
        "If you have a question, write it below and I will answer.",
        "First I thought it was too difficult, but it is quite simple.",
        "Every week I try one thing that I have never done before.",
        "It is almost the end of the year and I am very happy.",
        "Please be patient, the second part will come tomorrow.",
        "My friends and I started this project four years ago.",
    ),
    "es": (
        "Hola a todos, hoy quiero enseñarles algo nuevo.",
        "Esto lo hice por la mañana antes de ir al trabajo.",
        "Escribe en los comentarios qué te parece, por favor.",
        "Muchas gracias por mirar, nos vemos la próxima semana.",
        "Hola, amigos, hoy vamos a hablar de una idea que me gusta mucho.",
        "No sé si es la mejor manera, pero para mí funciona muy bien.",
        "Muchas personas me preguntaron cómo lo hice, y aquí está la respuesta.",
        "Mi hermana siempre me dice que tengo que intentarlo de nuevo.",
    ),
    "de": (
        "Das habe ich am Morgen vor der Arbeit gemacht.",
        "Vielen Dank fürs Zuschauen, wir sehen uns nächste Woche.",
        "Meine Schwester hat gesagt, ich soll es noch einmal versuchen.",
        "Jede Woche probiere ich etwas, das ich noch nie gemacht habe.",
        "Viele Leute haben mich gefragt, wie ich das gemacht habe.",
        "Ich habe fast drei Tage gebraucht, aber jetzt ist es endlich fertig.",
        "Meine Freunde und ich machen das schon seit vielen Jahren.",
        "Das ist nicht so schwer, wie ich am Anfang gedacht habe.",
    ),
    "fr": (
        "Bonjour à tous, aujourd'hui je voudrais vous montrer quelque chose de nouveau.",
        "Dites-moi dans les commentaires ce que vous en pensez.",
        "Beaucoup de personnes m'ont demandé comment j'ai fait, alors voilà la réponse.",
        "Aujourd'hui, je voudrais vous parler de quelque chose que j'aime beaucoup.",
        "Bonjour tout le monde, je suis très content de vous retrouver aujourd'hui.",
        "Je pensais que c'était difficile, mais en réalité c'est très simple.",
        "Bonjour à toutes et à tous, voilà ce que j'ai préparé pour vous aujourd'hui.",
        "Aujourd'hui, je voudrais répondre à une question que beaucoup de personnes m'ont posée.",
    ),
    "it": (
        "L'ho fatto questa mattina prima di andare al lavoro.",
        "Grazie mille per aver guardato, ci vediamo la prossima settimana.",
        "Buongiorno a tutti, oggi parliamo di una cosa che mi piace molto.",
        "Molte persone mi hanno chiesto come ho fatto, quindi ecco la risposta.",
    ),
    "pt": (
        "Olá a todos, hoje eu quero mostrar uma coisa nova para vocês.",
        "Olá a todos, vocês perguntaram muito, e hoje eu vou responder.",
        "Olá, amigos, hoje não tenho muito tempo, mas quero mostrar uma coisa para vocês.",
        "Olá a todos, esta é uma coisa que não sabia fazer até hoje.",
    ),
}

CAPTIONS: dict[str, tuple[str, ...]] = {
    "en": (
        "Part {n} of something I keep coming back to",
        "Saved this one for the weekend",
        "Number {n} on the list, done",
        "What should I try next?",
        "A small thing that made my week",
        "Trying again, attempt {n}",
        "For everyone who asked",
        "No words today",
    ),
    "es": (
        "Parte {n} de algo que me gusta mucho",
        "Para el fin de semana",
        "¿Qué pruebo ahora?",
        "Intento número {n}, por fin",
        "Para quienes preguntaron",
        "Una cosa pequeña de esta semana",
    ),
    "de": (
        "Teil {n} von etwas, das mich nicht loslässt",
        "Fürs Wochenende aufgehoben",
        "Was soll ich als Nächstes ausprobieren?",
        "Versuch Nummer {n}, endlich",
        "Für alle, die gefragt haben",
        "Eine Kleinigkeit aus dieser Woche",
    ),
    "fr": (
        "Partie {n} de ce que j'aime refaire",
        "Gardé pour le week-end",
        "Que dois-je essayer ensuite ?",
        "Essai numéro {n}, enfin",
        "Pour celles et ceux qui ont demandé",
        "Une petite chose de la semaine",
    ),
    "it": (
        "Parte {n} di una cosa che mi piace",
        "Per il fine settimana",
        "Che cosa provo adesso?",
        "Tentativo numero {n}, finalmente",
    ),
    "pt": (
        "Parte {n} de uma coisa que eu adoro",
        "Guardado para o fim de semana",
        "O que eu tento agora?",
        "Tentativa número {n}, até que enfim",
    ),
}

EMOJI = ("✨", "🙂", "🙏", "🎬", "💬", "👀", "🫶", "🎉", "⏳", "📌", "👋🏽", "🧑‍🎨")
HASHTAGS = ("#reel", "#shortvideo", "#diario", "#heute", "#quotidien", "#weekly", "#hoje", "#oggi", "#madeup", "#día")
