# SPDX-License-Identifier: GPL-3.0-or-later
"""A service manager that does of sd_notify(3) and sd_listen_fds(3) what keeps ports open over a
restart: it runs one program, and keeps the descriptors that this gives it for the next run.

    keeper.py FOLDER PROGRAM ARGUMENT...

FOLDER/pid is the pid of the program. SIGHUP ends the program by SIGTERM and starts it anew, SIGTERM
ends both. FOLDER/notify is the socket of the messages.
"""
import array
import os
import signal
import socket
import sys

FIRST_FD = 3


class Keeper:
    def __init__(self, folder, command):
        self.folder = folder
        self.command = command
        self.kept = {}  # name -> descriptor
        self.child = 0
        self.restarting = self.ending = False
        self.path = os.path.join(folder, "notify")
        self.messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.messages.bind(self.path)
        signal.signal(signal.SIGHUP, self.restart)
        signal.signal(signal.SIGTERM, self.end)

    def restart(self, *_):
        self.restarting = True
        os.kill(self.child, signal.SIGTERM)

    def end(self, *_):
        self.ending = True
        os.kill(self.child, signal.SIGTERM)

    def start(self):
        names = list(self.kept)
        # Out of the way of the numbers at which the program looks for them.
        high = [os.dup(self.kept[name]) for name in names]
        self.child = os.fork()
        if self.child == 0:
            self.run(names, high)
        for fd in high:
            os.close(fd)
        with open(os.path.join(self.folder, "pid.new"), "w", encoding="ascii") as file:
            file.write(str(self.child))
        os.rename(os.path.join(self.folder, "pid.new"), os.path.join(self.folder, "pid"))

    def run(self, names, high):
        moved = [os.dup(fd) for fd in high]
        while moved and min(moved) < FIRST_FD + len(moved):
            moved = [os.dup(fd) for fd in moved]
        for number, fd in enumerate(moved):
            os.dup2(fd, FIRST_FD + number)
        os.closerange(FIRST_FD + len(moved), 256)
        for number in range(len(moved)):
            os.set_inheritable(FIRST_FD + number, True)
        os.environ.update(NOTIFY_SOCKET=self.path, LISTEN_PID=str(os.getpid()),
                          LISTEN_FDS=str(len(moved)), LISTEN_FDNAMES=":".join(names))
        os.execv(self.command[0], self.command)

    def take(self):
        text, control, _, _ = self.messages.recvmsg(4096, socket.CMSG_SPACE(4))
        state = dict(line.split("=", 1) for line in text.decode().splitlines())
        name = state.get("FDNAME", "")
        for _, _, data in control:
            fd = array.array("i", data)[0]
            if name in self.kept:
                os.close(self.kept.pop(name))
            self.kept[name] = fd
        if "FDSTOREREMOVE" in state and name in self.kept:
            os.close(self.kept.pop(name))
        if "READY" in state:
            print("ready", len(self.kept), flush=True)

    def take_all(self):
        self.messages.setblocking(False)
        try:
            while True:
                self.take()
        except BlockingIOError:
            self.messages.settimeout(0.02)

    def serve(self):
        self.start()
        self.messages.settimeout(0.02)
        while True:
            try:
                self.take()
            except (TimeoutError, InterruptedError):
                pass
            if os.waitpid(self.child, os.WNOHANG)[0] == 0:
                continue
            self.take_all()  # what it said last
            if not self.restarting or self.ending:
                return
            self.restarting = False
            self.start()


if __name__ == "__main__":
    Keeper(sys.argv[1], sys.argv[2:]).serve()
