// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {IPriceFeed} from "../../src/interfaces/IPriceFeed.sol";
import {Deploying, Registry, Token} from "../support/Deploying.sol";
import {Feed} from "../support/Feed.sol";

/// The fee follows the price: at most once per period, by a bounded step, within bounds.
contract RegistrationFeeTest is Deploying {
    uint256 private constant FEE = 10 ether;
    int256 private constant PRICE = 0.5e8;
    Feed private feed;
    Registry private registry;

    function setUp() public {
        vm.warp(1_800_000_000);
        feed = new Feed();
        feed.set(PRICE, block.timestamp);
        registry = deploy(IPriceFeed(address(feed)), FEE, 8 ether, 13 ether);
        vm.warp(block.timestamp + 1 days);
    }

    function test_half_the_price_doubles_the_fee_step_by_step_up_to_the_bound() public {
        uint256[4] memory expected = [uint256(11 ether), 12.1 ether, 13 ether, 13 ether];
        for (uint256 i = 0; i < expected.length; ++i) {
            feed.set(PRICE / 2, block.timestamp);
            refresh();
            vm.assertEq(registry.fee(), expected[i], "fee");
            vm.warp(block.timestamp + 1 days);
        }
    }

    function test_double_the_price_halves_the_fee_step_by_step_down_to_the_bound() public {
        uint256[4] memory expected = [uint256(9 ether), 8.1 ether, 8 ether, 8 ether];
        for (uint256 i = 0; i < expected.length; ++i) {
            feed.set(PRICE * 2, block.timestamp);
            refresh();
            vm.assertEq(registry.fee(), expected[i], "fee");
            vm.warp(block.timestamp + 1 days);
        }
    }

    function test_a_small_move_is_followed_exactly_and_back() public {
        feed.set(PRICE * 100 / 105, block.timestamp);
        vm.expectEmit(address(registry));
        emit IIdentityRegistry.FeeRefreshed(FEE, FEE * uint256(PRICE) / uint256(PRICE * 100 / 105));
        registry.refreshFee();
        vm.warp(block.timestamp + 1 days);
        feed.set(PRICE, block.timestamp);
        registry.refreshFee();
        vm.assertEq(registry.fee(), FEE, "as at the start");
    }

    function test_at_most_once_per_period() public {
        feed.set(PRICE / 2, block.timestamp);
        registry.refreshFee();
        uint256 possibleAt = block.timestamp + 1 days;
        vm.warp(possibleAt - 1);
        feed.set(PRICE / 2, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.RefreshTooEarly.selector, possibleAt));
        registry.refreshFee();
        vm.warp(possibleAt);
        registry.refreshFee();
        vm.assertEq(registry.fee(), 12.1 ether, "second step");
    }

    function test_not_within_the_first_period() public {
        Registry fresh = deploy(IPriceFeed(address(0)), FEE, 1, type(uint96).max);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.RefreshTooEarly.selector, block.timestamp + 1 days));
        fresh.refreshFee();
    }

    function test_a_stale_answer_changes_nothing_and_does_not_use_up_the_period() public {
        feed.set(PRICE / 2, block.timestamp - 25 hours - 1);
        unchanged();
        feed.set(PRICE / 2, block.timestamp - 25 hours);
        registry.refreshFee();
        vm.assertEq(registry.fee(), 11 ether, "tried again at once");
    }

    function test_zero_negative_future_and_absurd_answers_change_nothing() public {
        feed.set(0, block.timestamp);
        unchanged();
        feed.set(-PRICE, block.timestamp);
        unchanged();
        feed.set(type(int256).min, block.timestamp);
        unchanged();
        feed.set(type(int256).max, block.timestamp);
        unchanged();
        feed.set(PRICE / 2, block.timestamp + 1);
        unchanged();
    }

    function test_a_feed_that_fails_or_is_gone_changes_nothing() public {
        feed.setRaw("broken", true);
        unchanged();
        feed.setRaw("", false);
        unchanged();
        vm.etch(address(feed), "");
        unchanged();
    }

    function test_a_feed_that_destroyed_itself_changes_nothing() public {
        vm.etch(address(feed), hex"33ff"); // selfdestruct(caller)
        unchanged();
        unchanged();
    }

    function test_a_feed_that_wastes_gas_changes_nothing() public {
        bytes[3] memory codes = [
            bytes(hex"00"), // stop: an empty answer
            hex"fe", // invalid: takes all the gas it is given
            hex"620600006000f3" // 384 KiB of zeros
        ];
        for (uint256 i = 0; i < codes.length; ++i) {
            vm.etch(address(feed), codes[i]);
            registry.refreshFee{gas: 500_000}();
            vm.assertEq(registry.fee(), FEE, "unchanged");
        }
    }

    function testFuzz_no_answer_of_whatever_shape_reverts_or_leaves_the_bounds(bytes calldata answer, bool fails)
        public
    {
        feed.setRaw(answer, fails);
        registry.refreshFee();
        withinOneStep(FEE);
    }

    function testFuzz_every_price_moves_the_fee_within_step_and_bounds(int256[8] calldata prices) public {
        for (uint256 i = 0; i < prices.length; ++i) {
            uint256 before = registry.fee();
            // Every other price is a likely one; the whole range alone would nearly always be refused.
            feed.set(i % 2 == 0 ? prices[i] : int256(bound(uint256(prices[i]), 0, 2e8)), block.timestamp);
            registry.refreshFee();
            withinOneStep(before);
            vm.warp(block.timestamp + 1 days);
        }
    }

    function test_without_a_feed_the_fee_is_fixed() public {
        Registry fixedFee = deploy(IPriceFeed(address(0)), FEE, 1, type(uint96).max);
        vm.warp(block.timestamp + 1 days);
        fixedFee.refreshFee();
        vm.assertEq(fixedFee.fee(), FEE, "fee");
    }

    function test_deployment_refuses_bounds_and_feeds_that_make_no_sense() public {
        refused(FEE, 0, FEE);
        refused(FEE, FEE + 1, FEE + 2);
        refused(FEE, 1, FEE - 1);
        refused(FEE, 1, uint256(type(uint96).max) + 1);
        feed.set(0, block.timestamp);
        refused(FEE, 1, 100 ether);
    }

    function deploy(IPriceFeed priceFeed, uint256 initial, uint256 min, uint256 max) private returns (Registry) {
        Token token = newToken(address(this));
        return newRegistry(token, priceFeed, address(0x7EA5), initial, min, max);
    }

    function refused(uint256 initial, uint256 min, uint256 max) private {
        Token token = newToken(address(this));
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.InvalidConfiguration.selector));
        newRegistry(token, IPriceFeed(address(feed)), address(0x7EA5), initial, min, max);
    }

    function refresh() private {
        uint256 before = registry.fee();
        registry.refreshFee();
        withinOneStep(before);
    }

    function unchanged() private {
        registry.refreshFee();
        vm.assertEq(registry.fee(), FEE, "unchanged");
    }

    function withinOneStep(uint256 before) private view {
        uint256 fee = registry.fee();
        vm.assertLe(fee, before + before / 10, "no more than one step up");
        vm.assertLe(before - before / 10, fee, "no more than one step down");
        vm.assertLe(fee, 13 ether, "at most the upper bound");
        vm.assertLe(8 ether, fee, "at least the lower bound");
    }
}
