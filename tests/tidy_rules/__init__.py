# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of tests/tidy: rooms.py holds the tables, source.py reads files, the others check."""
