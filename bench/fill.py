"""Fills a database of Tenon's with messages, as if they had been posted: python3 fill.py tenon.db 5000000

For benches only: it writes past the server, which has to be stopped.
"""
import random
import sqlite3
import sys

WORDS = (
    "board meets annex friday invoice meter delivery harbour depot offer price quote draft signed visit sample "
    "pressure valve pump filter summer winter order stock carrier customs partner renewal budget owner"
).split()
AT_ONCE = 50_000


def main(path, wanted):
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -400000")
    rooms = db.execute("SELECT id, process FROM conversations").fetchall()
    people = [p for (p,) in db.execute("SELECT DISTINCT author FROM messages")]
    (seq, at) = db.execute("SELECT MAX(seq), MAX(at) FROM events").fetchone()
    (there,) = db.execute("SELECT COUNT(*) FROM messages").fetchone()
    chance = random.Random(7)
    # Older libraries cannot write the words that are searched by: what is filled is then read, and not found.
    has_words = sqlite3.sqlite_version_info >= (3, 43)
    if not has_words:
        print(f"SQLite {sqlite3.sqlite_version} cannot write the words to search by")
    while there < wanted:
        events, messages, words = [], [], []
        for _ in range(min(AT_ONCE, wanted - there)):
            seq += 1
            at += 1_000
            room, process = chance.choice(rooms)
            author = chance.choice(people)
            body = " ".join(chance.choices(WORDS, k=12)) + f", number {seq}"
            events.append((seq, at, "message.posted", author, process, room, "{}"))
            messages.append((seq, room, author, at, "note", body))
            words.append((seq, body))
        with db:
            db.executemany("INSERT INTO events (seq, at, kind, actor, process, subject, payload) VALUES (?, ?, ?, ?, ?, ?, ?)", events)
            db.executemany("INSERT INTO messages (id, conversation, author, at, kind, body) VALUES (?, ?, ?, ?, ?, ?)", messages)
            if has_words:
                db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", words)
        there += len(messages)
    with db:
        db.execute("UPDATE conversations SET last = COALESCE((SELECT MAX(id) FROM messages m WHERE m.conversation = conversations.id), last)")
    db.execute("ANALYZE")
    print(there)


main(sys.argv[1], int(sys.argv[2]))
