/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which packet ciphers may be offered. A TLS library was once released whose QUIC decryption of
 * one cipher never compared the tag, so each cipher is asked to open forged packets before it is
 * offered, at every start. For tests: suite_name and suite_refuses_forgeries ask each alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SUITE_LIST_SIZE = 128 };

/** The packet ciphers that we know: wolfSSL's TLS 1.3 name, NULL beyond the last. */
const char *suite_name(size_t index);

/** True if the cipher opens what it sealed and refuses a forged tag, body and header, and still
 * opens the genuine packet after that. */
bool suite_refuses_forgeries(size_t index);

/** Write the names of all ciphers that pass, separated by colons, in order of preference. */
void suite_list(char list[SUITE_LIST_SIZE]);
