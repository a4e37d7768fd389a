/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that a foreign library wants, and that libstun2 has for it: only the linker looks here. */
#pragma once

extern void *ziglan_no_stderr;
