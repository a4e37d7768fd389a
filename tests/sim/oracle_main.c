/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table stands in docs/testing.md. */
#include "tests/sim/oracle_main.h"

#include "tests/sim/oracle.h"
#include "tests/support/nat_text.h"

#include <stdio.h>
#include <string.h>

enum { KINDS = 5 };

static const char *const way_names[] = {"relayed", "plain", "prediction", "birthday", "chance"};

static bool side_parse(struct nat_side *side, const char *text)
{
    side->has_nat = strcmp(text, "public") != 0;
    return !side->has_nat || nat_kind_parse(&side->kind, text);
}

static int check_table(void)
{
    static const struct {
        char name;
        const char *kind, *row;
    } rows[KINDS] = {
        {'O', "map=EI,filter=EI", "ddddd"},
        {'A', "map=EI,filter=AD", "ddddd"},
        {'P', "map=EI,filter=APD", "dddpb"},
        {'I', "map=APD,filter=APD,ports=step:2", "ddpp-"},
        {'S', "map=APD,filter=APD,ports=random", "ddb--"},
    };
    static const char letters[] = "-dpb";
    struct nat_side sides[KINDS] = {0};
    int wrong = 0;

    for (size_t i = 0; i < KINDS; i++) {
        wrong += side_parse(&sides[i], rows[i].kind) ? 0 : 1;
    }
    for (size_t a = 0; a < KINDS; a++) {
        for (size_t b = 0; b < KINDS; b++) {
            enum nat_way way = nat_way_possible(&sides[a], &sides[b]);

            if (letters[way] != rows[a].row[b] ||
                nat_direct_possible(&sides[a], &sides[b]) != (way == NAT_WAY_PLAIN)) {
                fprintf(stderr, "%c to %c should be %c\n", rows[a].name, rows[b].name,
                        rows[a].row[b]);
                wrong++;
            }
        }
    }
    printf("the oracle agrees with %d of %d pairs\n", KINDS * KINDS - wrong, KINDS * KINDS);
    return wrong == 0 ? 0 : 1;
}

int oracle_main(int argc, char **argv)
{
    struct nat_side a = {0}, b = {0};

    if (argc == 0) {
        return check_table();
    }
    if (argc > 2 || !side_parse(&a, argv[0]) || !side_parse(&b, argv[argc - 1])) {
        fprintf(stderr, "a kind of NAT is \"public\", or words as in "
                        "\"map=APD,filter=APD,ports=step:2\" (tests/support/nat_text.h)\n");
        return 2;
    }
    puts(way_names[argc == 1 ? nat_way_at_one(&a) : nat_way_possible(&a, &b)]);
    return 0;
}
