"""Reading untrusted media: checks, one decode, frames. Only called in processes that may be killed."""
