"""A TCP proxy in front of a port on this machine, that can stall, slow down or cut what goes through it."""

import socket
import threading

from .postgres import quiet_port


class Proxy:
    def __init__(self, target):
        """`target`: a port on loopback."""
        self.target = target
        self.port = quiet_port()
        self.delay = 0.0  # seconds that each piece of data waits
        self._flowing = threading.Event()
        self._flowing.set()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._listener = None
        self._sockets = set()
        self.join()

    def stall(self):
        """Nothing moves any more, and nobody is told: as if a cable were out. New connections are taken, in silence."""
        self._flowing.clear()

    def flow(self):
        """The end of stall()."""
        self._flowing.set()

    def cut(self):
        """Closes all connections, and refuses new ones."""
        self._shut(self._listener)
        self._listener.close()
        self._acceptor.join(10)
        with self._lock:
            for one in self._sockets:
                self._shut(one)

    def join(self):
        """Takes connections (again)."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(64)
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._acceptor.start()

    def close(self):
        self._ending.set()
        self._flowing.set()
        self.cut()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        self._flowing.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            near.close()
            return
        with self._lock:
            self._sockets |= {near, far}
        for one in (near, far):
            one.settimeout(None)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=self._pump, args=(far, near), daemon=True)
        back.start()
        self._pump(near, far)
        back.join()
        with self._lock:
            self._sockets -= {near, far}
        near.close()
        far.close()

    def _pump(self, source, sink):
        try:
            while data := source.recv(65536):
                if self.delay:
                    self._ending.wait(self.delay)
                self._flowing.wait()
                sink.sendall(data)
        except OSError:
            pass
        self._shut(source)
        self._shut(sink)

    @staticmethod
    def _shut(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
