"""Who asked not to be held, how the study recognises these people, and how values, texts and tables lose them."""
