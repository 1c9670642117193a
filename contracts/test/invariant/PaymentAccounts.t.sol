// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cheat} from "../actors/Cheat.sol";
import {Patron} from "../actors/Patron.sol";
import {Saver} from "../actors/Saver.sol";
import {Trader} from "../actors/Trader.sol";
import {World} from "../actors/World.sol";
import {Accounts, Token} from "../support/Deploying.sol";
import {Test} from "../support/Test.sol";

/// Whatever patron, trader, cheat and saver do, in whatever order.
contract PaymentAccountsInvariants is Test {
    World private world;
    Token private token;
    Accounts private accounts;
    Patron private patron;
    Trader private trader;
    Cheat private cheat;
    Saver private saver;

    function setUp() public {
        world = new World();
        (token,, accounts) = world.contracts();
        patron = new Patron(world);
        trader = new Trader(world);
        cheat = new Cheat(world);
        saver = new Saver(world);
        world.give(address(patron), 1_000_000 ether);
    }

    /// Whom forge lets act.
    function targetContracts() public view returns (address[] memory actors) {
        actors = new address[](4);
        (actors[0], actors[1]) = (address(patron), address(trader));
        (actors[2], actors[3]) = (address(cheat), address(saver));
    }

    function invariant_tokens_held_are_the_sum_of_all_accounts() public view {
        uint256 sum = world.stray();
        for (uint256 i = 0; i < world.IDENTITIES(); ++i) {
            sum += accounts.balanceOf(world.identity(i).addr);
        }
        vm.assertEq(token.balanceOf(address(accounts)), sum, "tokens held");
    }

    function invariant_every_balance_follows_from_the_events() public view {
        for (uint256 i = 0; i < world.IDENTITIES(); ++i) {
            address identity = world.identity(i).addr;
            vm.assertEq(accounts.balanceOf(identity), world.booked(identity), "balance");
        }
    }

    /// That it never falls is seen at each clearing, in the world's books.
    function invariant_serials_only_rise_and_each_is_cleared_at_most_once() public view {
        for (uint256 i = 0; i < world.IDENTITIES(); ++i) {
            address issuer = world.identity(i).addr;
            for (uint256 j = 0; j < world.IDENTITIES(); ++j) {
                address benefiter = world.identity(j).addr;
                uint256 last = accounts.lastClearedSerial(issuer, benefiter);
                vm.assertEq(last, world.bookedSerial(issuer, benefiter), "last serial");
                for (uint256 serial = 0; serial <= last; ++serial) {
                    vm.assertLe(world.timesCleared(issuer, benefiter, serial), 1, "times cleared");
                }
            }
        }
    }

    /// Invariants over actors that do nothing would hold as well: they do what they are for.
    function test_the_actors_act() public {
        for (uint256 i = 0; i < 5; ++i) {
            patron.deposit(i, 5 ether);
        }
        patron.sendByMistake(1);
        trader.clear(1, 2, 1, 2 ether, false);
        trader.clear(1, 2, 0, 2 ether, false);
        for (uint256 seed = 0; seed < 20; ++seed) {
            trader.clearMany(seed / 3, seed, seed % 2 == 0);
        }
        cheat.bringAgain(1, 2, 1, 1 ether, true);
        cheat.forge(1, 2, 0, 1 ether, true);
        cheat.forge(1, 2, 0, 1 ether, false);
        for (uint256 how = 0; how < 10; ++how) {
            cheat.twist(1, 2, 1 ether, how);
        }
        cheat.replay(0);
        cheat.divert(1, 0, 1 ether, true);
        cheat.divert(1, 0, 1 ether, false);
        saver.announce(2, 1 ether);
        saver.execute(2);
        saver.wait(4 days);
        saver.execute(2);
        vm.assertEq(world.deposits(), 5, "deposits");
        vm.assertTrue(world.clearings() > 5, "clearings");
        vm.assertTrue(world.failedClearings() > 5, "failed clearings");
        vm.assertEq(world.withdrawals(), 1, "withdrawals");
        vm.assertEq(cheat.refusals(), 16, "refusals");
        invariant_tokens_held_are_the_sum_of_all_accounts();
        invariant_every_balance_follows_from_the_events();
        invariant_serials_only_rise_and_each_is_cleared_at_most_once();
    }
}
