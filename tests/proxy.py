"""A way between a client and a server that counts what comes back, and can be cut or closed."""

import socket
import threading
from contextlib import suppress

from tests.stack import free_port


class Proxy:
    """Listens on `port` and forwards to `target` on this machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.bytes_back = 0
        self.swallow_replies = False
        """The server gets the request and does it; the client sees the connection end."""
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def stop(self) -> None:
        """As if the server were gone: nobody listens, and what was open ends."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for connection in [*self._open]:
            _end(connection)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self._open |= {client, server}
            threading.Thread(target=self._forward, args=[client, server, False], daemon=True).start()
            threading.Thread(target=self._forward, args=[server, client, True], daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, is_reply: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if is_reply:
                    self.bytes_back += len(piece)
                    if self.swallow_replies:
                        break
                sink.sendall(piece)
        for connection in (source, sink):
            _end(connection)
            self._open.discard(connection)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
