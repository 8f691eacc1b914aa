"""The report of an answer: a page in two languages and a print, out of a plan that was read from its file."""

from ringfence.exchange.report.page import write_html
from ringfence.exchange.report.pdf import write_pdf

__all__ = ["write_html", "write_pdf"]
