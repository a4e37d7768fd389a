/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the relay's process and the one beside it that runs the program which admits hosts
 * (relayd/daemon/admitter.h) say to each other: one struct is one message of a Unix socket that
 * keeps messages apart (SOCK_SEQPACKET). Both are the same binary, so bytes lie as the compiler
 * laid them.
 */
#pragma once

#include "relayd/admin/script_text.h"

#include <stdint.h>

enum script_ask_kind {
    SCRIPT_ASK_SETTINGS, /* read the configuration, now and once before the first question */
    SCRIPT_ASK_RUN,      /* run the program that it names */
};

struct script_ask {
    uint64_t ticket; /* RUN: of the question, as the relay counts them */
    uint32_t kind;   /* enum script_ask_kind */
    uint32_t size;   /* RUN: of the question */
    char question[SCRIPT_QUESTION_SIZE_MAX];
};

/** The answer to each SCRIPT_ASK_RUN, in any order. */
struct script_told {
    uint64_t ticket;
    int32_t code;  /* as script_answer takes it */
    uint32_t size; /* of what it wrote */
    char why[128]; /* not "": it gave no answer, for this reason */
    char output[SCRIPT_OUTPUT_SIZE_MAX];
};
