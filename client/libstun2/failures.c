/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What relays answer has sentences already; the rest is here. */
#include "client/libstun2/failures.h"

#include "client/stun2/stun2.h"
#include "proto/wire/verdict.h"

const char *failure_text(int code)
{
    switch (code) {
    case STUN2_FAILURE_REFUSED:
        return "the other one said no, or has no session at this relay; ask again when it is there";
    case STUN2_FAILURE_SILENT:
        return "the relay did not answer; ask again, or ask another relay";
    case STUN2_FAILURE_NO_WAY:
        return "nothing came through between the two NATs; a forwarded UDP port at one side helps";
    case STUN2_FAILURE_KNOWN:
        return "the pool gave one that is met already; ask again";
    case STUN2_FAILURE_RELAY:
        return "the relay was removed; add it again, or ask another one";
    case STUN2_FAILURE_ENDED:
        return "the relay took this application out of the pool; join again later, or elsewhere";
    default:
        return code > 0 && code < VERDICT_COUNT
                   ? verdict_text((enum verdict)code)
                   : "the relay refused it for a reason of a newer version";
    }
}

const char *failure_error_text(int error)
{
    switch (error) {
    case STUN2_OK:
        return "no error";
    case STUN2_ERROR_ARGUMENT:
        return "an argument is not what the comment of the function wants";
    case STUN2_ERROR_MEMORY:
        return "out of memory";
    case STUN2_ERROR_LIMIT:
        return "an agent can have no more of these; end one first";
    case STUN2_ERROR_STATE:
        return "not possible now; the comment of the function says when";
    case STUN2_ERROR_SYSTEM:
        return "the system or a library refused; the log says more";
    default:
        return "an error of a newer version";
    }
}
