/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate of the operator's, as the users of link.h hand it in and TLS takes it. */
#pragma once

#include <stddef.h>

/** A certificate from an authority, with those that lead to it, and its key, both in PEM. */
struct link_certificate {
    const char *chain;
    size_t chain_size;
    const char *key;
    size_t key_size;
};

/** What is wrong with it. */
enum link_certificate_problem {
    LINK_CERTIFICATE_FINE,
    LINK_CERTIFICATE_CHAIN, /* no certificate in PEM, or of a kind that is not known */
    LINK_CERTIFICATE_KEY,   /* no key in PEM, or one that is locked by a password */
    LINK_CERTIFICATE_PAIR,  /* the key belongs to another certificate */
    LINK_CERTIFICATE_MEMORY,
};
