"""For the tests of a server: a Gatehouse in memory, and a user who walks the pages of a real one on this machine."""

from .memory import MemoryGatehouse
from .person import LostWay, Person
from .records import Elicitation, User
from .serving import Answer, connect, free_port, serve

__all__ = ["Answer", "Elicitation", "LostWay", "MemoryGatehouse", "Person", "User", "connect", "free_port", "serve"]
