/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QR codes as text: two modules per character in UTF-8 half blocks, with a quiet zone, for a dark
 * or a light terminal (light modules are drawn).
 */
#pragma once

/** The code of `text` (at most 1000 bytes), several lines, given (free()). NULL if it does not fit
 * or memory is short: print the text alone then. */
char *qr_text(const char *text);
