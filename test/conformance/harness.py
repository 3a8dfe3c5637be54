"""What the programs in Python share: cases run one after another, and a line of JSON for each."""
import json
import os
import signal
import sys
import time

LIMIT_S = 45

bootstrap = os.environ.get("BOOTSTRAP", "127.0.0.1:9092")
_cases = []
_names = 0


def fresh(kind):
    """A name that no other case of this program uses."""
    global _names
    _names += 1
    return f"{kind}-{_names}"


def case(name):
    def add(test):
        _cases.append((name, test))
        return test
    return add


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} in place of {expected!r}")


def eventually(ask, is_right, pause_s=0.05):
    """Asks again and again until the answer is as wanted; the case's limit is its own."""
    while True:
        answer = ask()
        if is_right(answer):
            return answer
        time.sleep(pause_s)


def _late(_signal, _frame):
    raise TimeoutError(f"not done within {LIMIT_S} s")


def run():
    signal.signal(signal.SIGALRM, _late)
    whole = True
    for name, test in _cases:
        line = {"case": name, "ok": True}
        signal.alarm(LIMIT_S)
        try:
            test()
        except BaseException as error:
            whole = False
            line = {"case": name, "ok": False, "why": f"{type(error).__name__}: {error}"[:600]}
        signal.alarm(0)
        print(json.dumps(line), flush=True)
    # Clients leave threads behind that would keep the process.
    os._exit(0 if whole else 1)


if __name__ == "__main__":
    sys.exit("to be imported by cases.py")
