/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In which order the operator sees the members (relayd/admin/members.h).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/** The orders, for a sentence: "name, seen, traffic, joined or expires". */
extern const char member_orders[];

/**
 * The rows of a list of members in an order; NULL: "name". By name are those without one last, and
 * who was revoked comes behind the member that has the name now; "seen", "traffic" and "joined"
 * begin with the latest and the most, "expires" with who goes first. Where that is the same, and
 * for what is not known, which comes last, the name decides.
 *
 * list is given, and so is what is returned. NULL without memory, or if there is no such order:
 * *known tells.
 */
json_t *member_order_sort(json_t *list, const char *order, bool *known);
