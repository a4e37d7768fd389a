/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts that came from outside and are shown to people: UTF-8 (RFC 3629) without control
 * characters, which would reach a terminal. Pure.
 */
#pragma once

#include <stddef.h>

/** Length in bytes, 1 to 4, of the character at the beginning of a text that ends with NUL. 0 if
 * there is none, if it is cut or not UTF-8, or if it is a control character. */
size_t utf8_size(const char *text);

/** Make '?' of every byte that belongs to no character of which utf8_size knows the length. */
void utf8_clean(char *text);
