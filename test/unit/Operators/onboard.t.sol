// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    IOperators,
    Offer,
    Onboarding,
    Operator,
    Permit,
    SignerStatus,
    Standing
} from "../../../contracts/interfaces/IOperators.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract OnboardTest is NetworkFixture {
    Permit private none;
    Actor private actor;
    Onboarding private params;

    function setUp() public override {
        super.setUp();
        actor = _actor("operator");
        _fund(actor.owner, STAKE);
        params = Onboarding({
            signer: actor.signer,
            signerProof: _consent(actor.owner, actor.signerKey),
            roles: ROLE_INFERENCE,
            endpoint: "https://node.example/rpc",
            stake: STAKE,
            slots: SLOTS,
            release: release,
            price: FEE,
            modes: VANILLA_ONLY
        });
    }

    function test_revertsWhenNothingIsStaked() public {
        params.stake = 0;
        _expectRevert(abi.encodeWithSelector(IOperators.AmountZero.selector));
    }

    function test_revertsWhenTheStakeIsNotWholeGrains() public {
        params.stake = STAKE + 1;
        _expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, STAKE + 1));
    }

    function test_revertsWhenTheStakeDoesNotCarryTheSlots() public {
        params.slots = 501;
        _expectRevert(abi.encodeWithSelector(IOperators.SlotsBeyondStake.selector, 501, 50_100 ether, STAKE));
    }

    function test_revertsWhenTheRolesAreInvalid() public {
        params.roles = 16;
        _expectRevert(abi.encodeWithSelector(IOperators.RolesInvalid.selector, 16));
    }

    function test_revertsWhenTheEndpointIsTooLong() public {
        params.endpoint = string(new bytes(257));
        _expectRevert(abi.encodeWithSelector(IOperators.EndpointTooLong.selector, 257, 256));
    }

    function test_revertsWhenTheSignerDoesNotConsent() public {
        params.signerProof = _consent(stranger, actor.signerKey);
        _expectRevert(abi.encodeWithSelector(IOperators.SignerProofInvalid.selector, actor.signer, actor.owner));
    }

    function test_revertsWhenTheModesAreInvalid() public {
        params.modes = 8;
        _expectRevert(abi.encodeWithSelector(IOperators.OfferInvalid.selector, 8));
    }

    function test_revertsWhenNothingIsOffered() public {
        params.modes = 0;
        _expectRevert(abi.encodeWithSelector(IOperators.OfferUnchanged.selector, 1, release));
    }

    function test_doesEverythingWithAPermit() public {
        Permit memory permit = _permit(actor.ownerKey, address(operators), STAKE);
        vm.expectEmit(address(operators));
        emit IOperators.OperatorRegistered(1, actor.owner, actor.signer, ROLE_INFERENCE, SLOTS);
        vm.expectEmit(address(operators));
        emit IOperators.EndpointSet(1, "https://node.example/rpc");
        vm.expectEmit(address(operators));
        emit IOperators.Staked(1, actor.owner, STAKE, STAKE);
        vm.expectEmit(address(operators));
        emit IOperators.OfferSet(1, release, FEE, VANILLA_ONLY);
        vm.prank(actor.owner);
        uint32 id = operators.onboard(params, permit);

        assertEq(id, 1);
        Operator memory operator = operators.operatorOf(1);
        assertEq(operator.owner, actor.owner);
        assertEq(operator.signer, actor.signer);
        assertEq(operator.roles, ROLE_INFERENCE);
        assertEq(operator.endpointBlock, block.number);
        Standing memory standing = operators.standingOf(actor.signer);
        assertEq(standing.operatorId, 1);
        assertEq(standing.stake * GRAIN, STAKE);
        assertEq(standing.slots, SLOTS);
        assertTrue(standing.status == SignerStatus.Active);
        Offer memory offer = operators.offerOf(1, release);
        assertEq(offer.price, FEE);
        assertEq(offer.modes, VANILLA_ONLY);
        assertEq(operators.offeringCount(release), 1);
        assertEq(opg.balanceOf(address(operators)), STAKE);
    }

    /// The same as the four steps leave.
    function test_leavesWhatTheStepsLeave() public {
        vm.prank(actor.owner);
        opg.approve(address(operators), STAKE);
        vm.prank(actor.owner);
        operators.onboard(params, none);
        Actor memory stepwise = _register("stepwise");
        _stake(stepwise, STAKE);
        vm.startPrank(stepwise.owner);
        operators.setSlots(stepwise.id, SLOTS);
        operators.setOffer(stepwise.id, release, FEE, VANILLA_ONLY);
        vm.stopPrank();

        Standing memory left = operators.standingById(1);
        Standing memory right = operators.standingById(2);
        left.operatorId = right.operatorId;
        assertEq(abi.encode(left), abi.encode(right));
        assertEq(abi.encode(operators.offerOf(1, release)), abi.encode(operators.offerOf(2, release)));
    }

    function test_aFrontRunPermitDoesNotStopIt() public {
        Permit memory permit = _permit(actor.ownerKey, address(operators), STAKE);
        opg.permit(actor.owner, address(operators), STAKE, permit.deadline, permit.v, permit.r, permit.s);
        vm.prank(actor.owner);
        assertEq(operators.onboard(params, permit), 1);
    }

    function test_rule08_aCopiedOnboardingRegistersNothingForTheCopier() public {
        _fund(stranger, STAKE);
        vm.startPrank(stranger);
        opg.approve(address(operators), STAKE);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerProofInvalid.selector, actor.signer, stranger));
        operators.onboard(params, none);
    }

    function _expectRevert(bytes memory reason) private {
        vm.prank(actor.owner);
        opg.approve(address(operators), type(uint256).max);
        vm.expectRevert(reason);
        vm.prank(actor.owner);
        operators.onboard(params, none);
    }
}
