// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IdentityRegistry} from "../../src/IdentityRegistry.sol";
import {MystToken} from "../../src/MystToken.sol";
import {PaymentAccounts} from "../../src/PaymentAccounts.sol";
import {Signing} from "../support/Signing.sol";
import {World} from "./World.sol";

/// Somebody who acts on the contracts while the world keeps the books. An actor knows what has to come of what it
/// does and fails when something else does.
abstract contract Actor is Signing {
    World internal immutable world;
    MystToken internal immutable token;
    IdentityRegistry internal immutable registry;
    PaymentAccounts internal immutable accounts;

    constructor(World world_) {
        world = world_;
        (token, registry, accounts) = world_.contracts();
    }

    modifier booked() {
        world.watch();
        _;
        world.keepBooks();
    }
}
