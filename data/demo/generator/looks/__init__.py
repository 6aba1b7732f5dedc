"""The four planted looks, a module each: `plan_shots` of one gives the shots of one reel."""
