"""Makes the synthetic demo study: pictures, sound, encoding, tables and follow network."""
