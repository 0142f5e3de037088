// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators, Operator, SignerStatus, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract RegisterTest is NetworkFixture {
    Actor private actor;

    function setUp() public override {
        super.setUp();
        actor = _actor("operator");
    }

    function test_revertsWhenTheRolesAreNotAll() public {
        bytes memory consent = _consent(actor.owner, actor.signerKey);
        vm.expectRevert(abi.encodeWithSelector(IOperators.RolesInvalid.selector, 16));
        vm.prank(actor.owner);
        operators.register(actor.signer, consent, 16, "");
    }

    function test_revertsWhenTheEndpointIsTooLong() public {
        bytes memory consent = _consent(actor.owner, actor.signerKey);
        vm.expectRevert(abi.encodeWithSelector(IOperators.EndpointTooLong.selector, 257, 256));
        vm.prank(actor.owner);
        operators.register(actor.signer, consent, 1, string(new bytes(257)));
    }

    function test_revertsWhenTheSignatureIsMalformed() public {
        bytes memory consent = _consent(actor.owner, actor.signerKey);
        assembly ("memory-safe") {
            mstore(consent, 64)
        }
        _expectProofInvalid(actor.signer, actor.owner, consent);
        _expectProofInvalid(actor.signer, actor.owner, "");
    }

    function test_revertsWhenTheSignatureIsMalleable() public {
        bytes memory consent = _consent(actor.owner, actor.signerKey);
        _expectProofInvalid(actor.signer, actor.owner, _otherForm(consent));
    }

    function test_revertsWhenTheSignerIsZero() public {
        _expectProofInvalid(address(0), actor.owner, new bytes(65));
    }

    function test_registers() public {
        bytes memory consent = _consent(actor.owner, actor.signerKey);
        vm.expectEmit(address(operators));
        emit IOperators.OperatorRegistered(1, actor.owner, actor.signer, 15, 0);
        vm.expectEmit(address(operators));
        emit IOperators.EndpointSet(1, "https://node.example/rpc");
        vm.prank(actor.owner);
        uint32 id = operators.register(actor.signer, consent, 15, "https://node.example/rpc");

        assertEq(id, 1);
        assertEq(operators.operatorCount(), 1);
        assertEq(operators.ownerOf(1), actor.owner);
        Operator memory operator = operators.operatorOf(1);
        assertEq(operator.owner, actor.owner);
        assertEq(operator.endpointBlock, block.number);
        assertEq(operator.roles, 15);
        assertEq(operator.signer, actor.signer);
        Standing memory standing = operators.standingOf(actor.signer);
        assertEq(standing.operatorId, 1);
        assertEq(standing.stake, 0);
        assertEq(standing.slots, 0);
        assertTrue(standing.status == SignerStatus.Active);
    }

    function test_numbersOperatorsFromOne() public {
        for (uint32 i = 1; i <= 3; ++i) assertEq(_register(vm.toString(i)).id, i);
    }

    function test_anOwnerMayHaveSeveralOperators() public {
        _register("operator");
        (address signer, uint256 key) = makeAddrAndKey("second signer");
        bytes memory consent = _consent(actor.owner, key);
        vm.prank(actor.owner);
        assertEq(operators.register(signer, consent, 1, ""), 2);
    }

    function test_rule04_aConsentForAnotherContractIsRefused() public {
        IOperators other = _deployOperators(_numbers());
        bytes memory consent = _consent(actor.owner, actor.signerKey);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerProofInvalid.selector, actor.signer, actor.owner));
        vm.prank(actor.owner);
        other.register(actor.signer, consent, 1, "");
    }

    function test_rule04_aConsentForAnotherChainIsRefused() public {
        bytes memory consent = _consent(actor.owner, actor.signerKey);
        vm.chainId(block.chainid + 1);
        _expectProofInvalid(actor.signer, actor.owner, consent);
    }

    function test_rule08_aKeyThatIsNotThereCannotBeRegistered() public {
        (, uint256 ownKey) = makeAddrAndKey("own");
        _expectProofInvalid(actor.signer, actor.owner, _consent(actor.owner, ownKey));
    }

    function test_rule08_aConsentCannotBeUsedByAnotherOwner() public {
        _expectProofInvalid(actor.signer, stranger, _consent(actor.owner, actor.signerKey));
    }

    function test_rule08_aKeyBelongsToOneOperatorForEver() public {
        _register("operator");
        _expectTaken(actor.owner);
        _expectTaken(stranger);
        vm.prank(actor.signer);
        operators.revokeSigner(actor.signer);
        _expectTaken(stranger);
        _rotate(Actor(1, actor.owner, actor.ownerKey, actor.signer, actor.signerKey), "next signer");
        skip(365 days);
        _expectTaken(actor.owner);
        _expectTaken(stranger);
    }

    function _expectTaken(address owner) private {
        bytes memory consent = _consent(owner, actor.signerKey);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerTaken.selector, actor.signer));
        vm.prank(owner);
        operators.register(actor.signer, consent, 1, "");
    }

    function _expectProofInvalid(address signer, address owner, bytes memory consent) private {
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerProofInvalid.selector, signer, owner));
        vm.prank(owner);
        operators.register(signer, consent, 1, "");
    }
}
