/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator's option --oracle: the oracle against its table, or its word about two NATs.
 */
#pragma once

/** Without arguments compare the oracle with the table in docs/testing.md; with two kinds of NAT
 * (tests/support/nat_text.h, or "public") print what it takes between them, with one, between two
 * hosts behind it: relayed, plain, prediction, birthday or chance. Returns the exit code. */
int oracle_main(int argc, char **argv);
