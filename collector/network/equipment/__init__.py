"""Where equipment is, by what switches, routers and wireless controllers say. Nothing here does I/O."""
