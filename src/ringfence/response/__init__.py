"""One signal in, an explained proposal out: what is due now, and what would follow if people assess as proposed."""
