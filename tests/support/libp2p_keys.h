/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys in libp2p's forms, made with the packages @libp2p/crypto 5.1.23, @libp2p/peer-id 6.0.15 and
 * multiformats 14.0.5 from the seeds whose byte i is 7 * i + 1 (A) and 7 * i + 2 (B).
 */
#pragma once

#define LIBP2P_A_ID "12D3KooWRARowzzcmEe1ai4Qj9HpBHSo54WDKohf23xtBER5Ukd5"
#define LIBP2P_A_ID_36 "k51qzi5uqu5dlv6bi6e82phd0ume5cpvckm4qtlknml7te2ht81w92rh6ig9gw"
#define LIBP2P_A_ID_32 "bafzaajaiaejcbzadbgmm7vnnc4r4c2pzk2vaxhvymgnvtev5mewcv5bi5pdz7dpq"
#define LIBP2P_A_ID_58 "z5AanNVJCxnWBStpjUKpFLQaEyjkpjxYbAzTy5kUJP3NdmxR3yvsSpf"
#define LIBP2P_A_PRIVATE                                                                           \
    "z23jhTaZsgBY7xxhB6GMBJL7X3YdwF3U5xAckFtsjCSEigMpGuyPEht3avFm9puyfA8sAM91YSBwYVopAHQRWpmy6azi" \
    "1M"
/* The same in the old form of 96 bytes, which these packages read, too. */
#define LIBP2P_A_PRIVATE_96                                                                        \
    "zK3TgTcWzKaPmkiscm9re4bHEgomNspzVGGppCiz1YV8HasytfhNJGTdXxAx6hrYgM6qHcL9bgvw2yMeRyuMvip6KoNB" \
    "eDUdKkjK3sbySobF6YTox9g1aRtagP6gdjCDSArtKBZvX"
#define LIBP2P_B_ID "12D3KooWRo2R2mgq1WqP3ZnD8sgQDoangiDjL13kJG71jZq7Xphy"
#define LIBP2P_B_PRIVATE                                                                           \
    "z23jhTab3CPofQBkq89LJCFTt3Wvrii5tFwaetpWRP41S9ocNditaZbBNfn4UvqYXoVzGRxQPN5rYT2PLoeagx2VXSuW" \
    "9Z"
/* Of other kinds of keys: secp256k1 and RSA. */
#define LIBP2P_SECP256K1_ID "16Uiu2HAmS6afqNNvSqfKNn8mqsbgxEcypUitURTur6PBcmHfDcCK"
#define LIBP2P_SECP256K1_PRIVATE "z4XZF1VcNxCRjYeS8e6mp7LhTfVMefwDLK9Av8MT6Q6zST1Q6d"
#define LIBP2P_RSA_ID "QmcZ5eLCJbgzc1ZRF8iLbpSeWE6DZtd7Gvn7RfTY3mLVQN"
