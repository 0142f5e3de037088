// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRequests, Fulfilment} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {IOperators, SignerStatus, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract RevokeSignerTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
    }

    function test_revertsWhenTheSignerIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerUnknown.selector, stranger));
        operators.revokeSigner(stranger);
    }

    function test_revertsWhenTheSignerIsNotActive() public {
        _revoke(actor.owner);
        _expectNotActive(SignerStatus.Revoked);
        _rotate(actor, "next signer");
        _expectNotActive(SignerStatus.Retired);
    }

    function test_revertsWhenTheCallerIsNeitherOwnerNorSigner() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, stranger));
        _revoke(stranger);
        Actor memory other = _onboard("other");
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperatorOwner.selector, actor.id, other.owner));
        _revoke(other.owner);
    }

    function test_theOwnerRevokes() public {
        vm.expectEmit(address(operators));
        emit IOperators.SignerRevoked(actor.id, actor.signer);
        _revoke(actor.owner);
        Standing memory standing = operators.standingOf(actor.signer);
        assertTrue(standing.status == SignerStatus.Revoked);
        assertEq(standing.since, block.timestamp);
        assertEq(standing.stake * GRAIN, STAKE);
    }

    function test_theSignerRevokesItself() public {
        _revoke(actor.signer);
        assertTrue(operators.standingOf(actor.signer).status == SignerStatus.Revoked);
    }

    function test_theStakeStillLeaves() public {
        _revoke(actor.owner);
        vm.startPrank(actor.owner);
        operators.unbond(actor.id, STAKE);
        skip(UNBONDING_PERIOD);
        operators.withdrawUnbonded(actor.id, actor.owner);
        assertEq(opg.balanceOf(actor.owner), STAKE);
    }

    function test_rule08_revocationActsAtOnce() public {
        Request memory opened = _openFunded(1);
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = _answer(opened, "output");
        uint40 validUntil = uint40(block.timestamp) + MAX_VALIDITY;
        bytes memory signature = _signAnswers(actor.signerKey, items, validUntil);
        _revoke(actor.owner);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.OperatorNotActive.selector, actor.signer));
        requests.fulfil(items, signature, validUntil);
    }

    function test_rule08_aRevokedKeyIsSlashableUntilItsEvidenceIsOver() public {
        _revoke(actor.owner);
        skip(MAX_VALIDITY + DISPUTE_WINDOW);
        (uint32 operatorId, uint16 era) = operators.slashableOperatorOf(actor.signer);
        assertEq(operatorId, actor.id);
        assertEq(era, 0);
        _slash(actor, 1);
        skip(1);
        vm.expectPartialRevert(IOperators.SignerNoLongerSlashable.selector);
        operators.slashableOperatorOf(actor.signer);
    }

    function _expectNotActive(SignerStatus status) private {
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerNotActive.selector, actor.signer, status));
        _revoke(actor.owner);
    }

    function _revoke(address caller) private {
        vm.prank(caller);
        operators.revokeSigner(actor.signer);
    }
}
