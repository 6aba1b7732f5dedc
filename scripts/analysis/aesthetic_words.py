"""Words that synthetic descriptions are made of, and the sentences they stand in."""

from __future__ import annotations

# By part of a sentence. No word is in two of them, so that a description says from which each was drawn.
WORDS: dict[str, tuple[str, ...]] = {
    "light": (
        "amber", "backlit", "bright", "candlelit", "cloudy", "diffuse", "dim", "dusky", "flickering", "fluorescent",
        "golden", "harsh", "hazy", "low", "misty", "moonlit", "neon", "overcast", "pale", "radiant", "shaded",
        "silvery", "soft", "sunlit",
    ),
    "colour": (
        "beige", "black", "brown", "burgundy", "charcoal", "coral", "cream", "crimson", "emerald", "grey", "indigo",
        "ivory", "khaki", "lavender", "magenta", "mint", "mustard", "navy", "ochre", "olive", "peach", "pink", "rust",
        "sage", "scarlet", "teal", "terracotta", "turquoise", "violet", "white",
    ),
    "thing": (
        "armchairs", "balconies", "bicycles", "blankets", "bookshelves", "boots", "bouquets", "bricks", "candles",
        "ceramics", "chandeliers", "coats", "concrete", "curtains", "denim", "dumbbells", "embroidery", "escalators",
        "ferns", "fireplaces", "glassware", "guitars", "headphones", "jewellery", "keyboards", "lace", "lanterns",
        "leather", "linen", "marble", "mirrors", "motorcycles", "mushrooms", "notebooks", "pastries", "pearls",
        "polaroids", "posters", "ribbons", "sequins", "skateboards", "sneakers", "staircases", "surfboards", "teacups",
        "tents", "typewriters", "vinyl", "wool", "workbenches",
    ),
    "place": (
        "attic", "bakery", "beach", "cabin", "café", "cellar", "courtyard", "desert", "farm", "forest", "garage",
        "garden", "greenhouse", "gym", "harbour", "kitchen", "library", "loft", "market", "meadow", "museum", "rooftop",
        "station", "studio", "suburb", "theatre", "warehouse", "workshop",
    ),
    "mood": (
        "calm", "carefree", "confident", "cosy", "defiant", "dreamy", "dramatic", "earnest", "eerie", "elegant",
        "energetic", "gentle", "gloomy", "intimate", "ironic", "joyful", "lonely", "melancholy", "nostalgic", "playful",
        "raw", "restless", "romantic", "serene", "solemn", "tense", "whimsical", "wistful",
    ),
    "style": (
        "abstract", "analogue", "antique", "baroque", "bohemian", "cinematic", "classical", "documentary", "futuristic",
        "gothic", "grainy", "handmade", "industrial", "maximalist", "minimalist", "opulent", "pastoral", "polished",
        "preppy", "retro", "rustic", "sculptural", "sporty", "surreal", "tropical", "urban", "utilitarian", "vintage",
    ),
}  # fmt: skip

# One sentence of each line, in this order.
SENTENCES: tuple[tuple[str, ...], ...] = (
    (
        "A {style} scene in {light} light with {colour} and {colour} tones.",
        "{light} light falls on {colour} and {colour} surfaces in a {style} frame.",
        "The look is {style}: {colour} next to {colour} under {light} light.",
    ),
    (
        "{thing}, {thing} and {thing} stand in a {place}.",
        "In a {place} the camera rests on {thing}, {thing} and {thing}.",
        "Close views of {thing} and {thing} alternate with {thing} in a {place}.",
    ),
    (
        "The mood is {mood} and {mood}, the styling {style}.",
        "It feels {mood}, at times {mood}, in a {style} way.",
        "A {mood} and {mood} tone holds the {style} parts together.",
    ),
)
