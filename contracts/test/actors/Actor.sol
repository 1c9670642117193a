// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bringing} from "../support/Bringing.sol";
import {Accounts, Registry, Token} from "../support/Deploying.sol";
import {World} from "./World.sol";

/// Somebody who acts on the contracts while the world keeps the books. An actor knows what has to come of what it
/// does and fails when something else does.
abstract contract Actor is Bringing {
    World internal immutable world;
    Token internal immutable token;
    Registry internal immutable registry;
    Accounts internal immutable accounts;

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
