"""Does a text tell of an emergency? Pure: the lexicons and the model come in as data, nothing is remembered."""

from alerts.recognition.model import Model
from alerts.recognition.recogniser import Recogniser
from alerts.recognition.verdict import Alarm, Intent, Verdict

__all__ = ["Alarm", "Intent", "Model", "Recogniser", "Verdict"]
