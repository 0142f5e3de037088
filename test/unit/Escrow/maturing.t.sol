// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Earnings} from "../../../contracts/interfaces/IEscrow.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {EscrowFixture, Parts} from "./EscrowFixture.sol";

/// Rule 14: `earningsOf` over time, through `claim`, and what a slash takes.
contract MaturingTest is EscrowFixture {
    uint256 internal constant PROTOCOL_PART = FEE / 20;
    uint256 internal constant OPERATOR_PART = FEE - PROTOCOL_PART - ROYALTY;

    function test_rule14_ripensAfterOneWindowAtTheLeastAndTwoAtTheMost() public {
        _earn();
        vm.warp(start + DISPUTE_WINDOW - 1);
        _earn();
        vm.warp(start + 2 * DISPUTE_WINDOW - 1);
        _assertEarnings(0, 2 * FEE, 0);
        vm.warp(start + 2 * DISPUTE_WINDOW);
        _assertEarnings(2 * FEE, 0, 0);
        assertEq(_claim().total, 2 * FEE);
    }

    function test_rule14_needsNoSettlement() public {
        for (uint256 i; i < 5; ++i) {
            vm.warp(start + i * DISPUTE_WINDOW);
            _earn();
        }
        _assertEarnings(3 * FEE, 2 * FEE, 0);
        skip(100 * DISPUTE_WINDOW);
        _assertEarnings(5 * FEE, 0, 0);
    }

    function test_rule14_claimingNeverTouchesWhatIsUnripe() public {
        _earn();
        skip(DISPUTE_WINDOW);
        _earn();
        skip(DISPUTE_WINDOW);
        _earn();
        _assertEarnings(FEE, 2 * FEE, 0);
        assertEq(_claim().total, FEE);
        _assertEarnings(0, 2 * FEE, 0);
        skip(DISPUTE_WINDOW);
        assertEq(_claim().total, FEE);
        skip(DISPUTE_WINDOW);
        assertEq(_claim().total, FEE);
    }

    function test_rule14_slashForfeitsTheOperatorsUnripeShare() public {
        _earn();
        skip(DISPUTE_WINDOW);
        _earn();
        _slash(operator, 1);
        _assertEarnings(2 * FEE, 0, 2 * FEE);
        Parts memory parts = _claim();
        // Publisher and protocol did no wrong.
        assertEq(parts.operatorShare, 0);
        assertEq(parts.forfeited, 2 * OPERATOR_PART);
        assertEq(parts.royalty, 2 * ROYALTY);
        assertEq(parts.protocolFee, 2 * PROTOCOL_PART);
        assertEq(requests.unburned(), 2 * OPERATOR_PART);
        assertEq(requests.balanceOf(operator.owner), 0);
    }

    function test_rule14_slashLeavesWhatWasRipe() public {
        _earn();
        skip(DISPUTE_WINDOW);
        _earn();
        skip(DISPUTE_WINDOW);
        _slash(operator, 1);
        _assertEarnings(2 * FEE, 0, FEE);
        Parts memory parts = _claim();
        assertEq(parts.operatorShare, OPERATOR_PART);
        assertEq(parts.forfeited, OPERATOR_PART);
    }

    /// Waiting with the claim until the unripe would have ripened saves nothing.
    function test_rule14_waitingDoesNotUndoAForfeit() public {
        _earn();
        _slash(operator, 1);
        skip(50 * DISPUTE_WINDOW);
        _assertEarnings(FEE, 0, FEE);
        assertEq(_claim().operatorShare, 0);
    }

    /// At the first second of a window, what ripens then is ripe before the slash.
    function test_rule14_slashAtTheTurnOfAWindow() public {
        _earn();
        uint256 snapshot = vm.snapshotState();
        vm.warp(start + 2 * DISPUTE_WINDOW - 1);
        _slash(operator, 1);
        _assertEarnings(FEE, 0, FEE);
        vm.revertToState(snapshot);
        vm.warp(start + 2 * DISPUTE_WINDOW);
        _slash(operator, 1);
        _assertEarnings(FEE, 0, 0);
    }

    function test_rule14_severalSlashesForfeitOnceEach() public {
        _earn();
        _slash(operator, 1);
        skip(1);
        _slash(operator, 2);
        skip(5 * DISPUTE_WINDOW);
        _slash(operator, 3);
        _assertEarnings(FEE, 0, FEE);
        _return();
        _earn();
        _assertEarnings(FEE, FEE, FEE);
        _slash(operator, 4);
        _assertEarnings(2 * FEE, 0, 2 * FEE);
        assertEq(_claim().forfeited, 2 * OPERATOR_PART);
    }

    /// What is earned after a slash has its own time, also when nothing touched the pot in between.
    function test_rule14_earningsAfterASlashAreTheOperators() public {
        _earn();
        _slash(operator, 1);
        _return();
        _earn();
        _assertEarnings(FEE, FEE, FEE);
        skip(2 * DISPUTE_WINDOW);
        Parts memory parts = _claim();
        assertEq(parts.operatorShare, OPERATOR_PART);
        assertEq(parts.forfeited, OPERATOR_PART);
        _slash(operator, 2);
        _assertEarnings(0, 0, 0);
    }

    function test_rule14_everyReleaseOfTheOperatorIsForfeited() public {
        ReleaseId other = _publish(0, 0);
        _earn();
        _earn(other, FEE);
        _slash(operator, 1);
        assertEq(requests.earningsOf(operator.id, release).forfeited, FEE);
        assertEq(requests.earningsOf(operator.id, other).forfeited, FEE);
        Parts memory parts = _claim(other, _noContributors());
        assertEq(parts.forfeited, FEE - PROTOCOL_PART);
    }

    function test_rule14_rotatingTheSignerDoesNotSaveEarnings() public {
        _earn();
        Actor memory rotated = _rotate(operator, "rotated");
        _slash(operator, 1);
        _assertEarnings(FEE, 0, FEE);
        assertEq(_standing(rotated).slashCount, 1);
    }

    function test_rule14_anotherOperatorsSlashTouchesNothing() public {
        Actor memory other = _onboard("other");
        _earn();
        _slash(other, 1);
        _assertEarnings(0, FEE, 0);
    }

    function test_burnForfeitedBurnsOnce() public {
        _earn();
        _slash(operator, 1);
        _claim();
        uint256 supply = opg.totalSupply();
        assertEq(requests.burnForfeited(), OPERATOR_PART);
        assertEq(opg.totalSupply(), supply - OPERATOR_PART);
        assertEq(requests.unburned(), 0);
        assertEq(requests.burnForfeited(), 0);
    }

    /// `earningsOf` tells what `claim` would do, at any time.
    function testFuzz_rule14_earningsOfForetellsTheClaim(uint256 seed) public {
        uint256 earned;
        uint256 claimed;
        for (uint256 i; i < 8; ++i) {
            uint256 act = (seed >> (32 * i)) & 0xffff;
            skip(((seed >> (32 * i + 16)) & 0xffff) * 3);
            if (act % 4 < 2 && !_standing(operator).jailed) {
                _earn();
                earned += FEE;
            } else if (act % 4 == 2) {
                _slash(operator, i + 1);
                skip(JAIL_PERIOD);
                if (_standing(operator).stake * GRAIN >= RELEASE_MIN_STAKE) _leaveJail();
            } else {
                Earnings memory told = requests.earningsOf(operator.id, release);
                Parts memory parts = _claim();
                assertEq(parts.total, told.matured);
                assertEq(parts.forfeited, (told.forfeited / FEE) * OPERATOR_PART);
                claimed += parts.total;
            }
            Earnings memory left = requests.earningsOf(operator.id, release);
            assertEq(left.matured + left.unripe + claimed, earned);
        }
    }

    function _return() private {
        skip(JAIL_PERIOD);
        _leaveJail();
    }

    function _leaveJail() private {
        vm.prank(operator.owner);
        operators.leaveJail(operator.id);
    }

    function _assertEarnings(uint256 matured, uint256 unripe, uint256 forfeited) private view {
        Earnings memory earnings = requests.earningsOf(operator.id, release);
        assertEq(earnings.matured, matured, "matured");
        assertEq(earnings.unripe, unripe, "unripe");
        assertEq(earnings.forfeited, forfeited, "forfeited");
    }
}
