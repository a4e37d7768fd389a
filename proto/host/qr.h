/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QR codes as text: two modules per character in UTF-8 half blocks, with a quiet zone. Light
 * modules are drawn in the colour of text, as a terminal with light text on dark ground needs it.
 */
#pragma once

/** The code of `text` (at most 1000 bytes) as several lines, given (free()). NULL if it does not
 * fit, or without memory; then the text alone must do. */
char *qr_text(const char *text);
