// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, SignerStatus, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract RotateSignerTest is NetworkFixture {
    Actor private actor;
    address private next;
    uint256 private nextKey;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
        (next, nextKey) = makeAddrAndKey("next signer");
    }

    function test_revertsWhenTheOperatorIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, 2));
        operators.rotateSigner(2, next, "");
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        bytes memory consent = _consent(actor.owner, nextKey);
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, actor.signer));
        vm.prank(actor.signer);
        operators.rotateSigner(actor.id, next, consent);
    }

    function test_revertsWhenTheNewSignerIsTaken() public {
        Actor memory other = _register("other");
        _expectTaken(actor.signer, actor.signerKey);
        _expectTaken(other.signer, other.signerKey);
        _rotate(actor, "next signer");
        _expectTaken(actor.signer, actor.signerKey);
    }

    function test_revertsWhenTheNewSignerDoesNotConsent() public {
        bytes memory consent = _consent(stranger, nextKey);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerProofInvalid.selector, next, actor.owner));
        vm.prank(actor.owner);
        operators.rotateSigner(actor.id, next, consent);
    }

    function test_movesTheStandingAndLeavesATombstone() public {
        bytes memory consent = _consent(actor.owner, nextKey);
        Standing memory before = operators.standingOf(actor.signer);
        vm.expectEmit(address(operators));
        emit IOperators.SignerRotated(actor.id, actor.signer, next);
        vm.prank(actor.owner);
        operators.rotateSigner(actor.id, next, consent);

        assertEq(abi.encode(operators.standingOf(next)), abi.encode(before));
        assertEq(operators.operatorOf(actor.id).signer, next);
        Standing memory tombstone;
        tombstone.operatorId = actor.id;
        tombstone.status = SignerStatus.Retired;
        tombstone.since = uint40(block.timestamp);
        assertEq(abi.encode(operators.standingOf(actor.signer)), abi.encode(tombstone));
    }

    function test_carriesJailAndSlashesAlong() public {
        _slash(actor, 1);
        _unbond(1000 ether);
        Standing memory before = operators.standingOf(actor.signer);
        Actor memory rotated = _rotate(actor, "next signer");
        assertEq(abi.encode(operators.standingOf(rotated.signer)), abi.encode(before));
        assertTrue(operators.standingOf(rotated.signer).jailed);
        assertEq(operators.slashedAt(actor.id, 0), block.timestamp);
    }

    function test_bringsARevokedOperatorBack() public {
        vm.prank(actor.signer);
        operators.revokeSigner(actor.signer);
        Actor memory rotated = _rotate(actor, "next signer");
        assertTrue(operators.standingOf(rotated.signer).status == SignerStatus.Active);
        assertEq(operators.standingOf(rotated.signer).since, 0);
    }

    function test_rule07_rotatingDoesNotSaveUnbondingStake() public {
        _unbond(10_000 ether);
        _rotate(actor, "next signer");
        _slash(actor, 1);
        assertEq(operators.unbondingOf(actor.id).amount, 5000 ether);
        assertEq(_standing(actor).stake * GRAIN, 20_000 ether);
    }

    function test_rule08_rotatingAfterARevocationDoesNotLengthenTheOldKeysLife() public {
        vm.prank(actor.owner);
        operators.revokeSigner(actor.signer);
        uint256 revokedAt = vm.getBlockTimestamp();
        skip(20 hours);
        _rotate(actor, "next signer");
        assertEq(operators.standingOf(actor.signer).since, revokedAt);
        vm.warp(revokedAt + MAX_VALIDITY + DISPUTE_WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IOperators.SignerNoLongerSlashable.selector,
                actor.signer,
                revokedAt + MAX_VALIDITY + DISPUTE_WINDOW
            )
        );
        operators.slashableOperatorOf(actor.signer);
    }

    function test_rule08_eachOfManyRetiredKeysFindsTheStake() public {
        Actor memory second = _rotate(actor, "second");
        Actor memory third = _rotate(second, "third");
        _slash(actor, 1);
        _slash(second, 2);
        _slash(third, 3);
        assertEq(operators.standingOf(third.signer).stake * GRAIN, STAKE / 8);
        assertEq(operators.slashCountOf(actor.id), 3);
    }

    function _expectTaken(address signer, uint256 key) private {
        bytes memory consent = _consent(actor.owner, key);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerTaken.selector, signer));
        vm.prank(actor.owner);
        operators.rotateSigner(actor.id, signer, consent);
    }

    function _unbond(uint256 amount) private {
        vm.prank(actor.owner);
        operators.unbond(actor.id, amount);
    }
}
