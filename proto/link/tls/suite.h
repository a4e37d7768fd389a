/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which packet ciphers may be offered. wolfSSL before 5.9.1 never compared the tag of one of them
 * in QUIC packets (CVE-2026-5479). So at each start every cipher must refuse forged packets before
 * it is offered. For tests: suite_name and suite_refuses_forgeries, which try each cipher alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SUITE_LIST_SIZE = 128 };

/** wolfSSL's name of the TLS 1.3 cipher suite with this index, from 0; NULL beyond the last. */
const char *suite_name(size_t index);

/** True if the suite opens what it sealed, refuses a forged tag, body, header and nonce and sizes
 * that are wrong, and then still opens the genuine packet. False beyond the last suite. */
bool suite_refuses_forgeries(size_t index);

/** Test all suites and write the names of those that pass, separated by colons, in order of
 * preference; the empty text if none does. */
void suite_list(char list[SUITE_LIST_SIZE]);
