//! The demonstration's stand-ins (DESIGN §6).
