/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sentences for applications: why something came to nothing, and what to do. */
#pragma once

/** For an enum stun2_failure, a relay's verdict among them. Never NULL. */
const char *failure_text(int code);

/** For an enum stun2_error. Never NULL. */
const char *failure_error_text(int error);
