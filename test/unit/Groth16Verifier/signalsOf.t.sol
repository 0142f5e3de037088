// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../../../contracts/interfaces/IKeyedVerifier.sol";
import {ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Groth16Fixture} from "./Groth16Fixture.sol";

contract SignalsOfTest is Groth16Fixture {
    function test_revertsWhenTheKeyIsNotAdmitted() public {
        (ProofStatement memory statement, , ) = _proved(0);
        statement.release = ReleaseId.wrap(keccak256("nowhere"));
        vm.expectRevert(abi.encodeWithSelector(IKeyedVerifier.KeyNotAdmitted.selector, statement.release));
        verifier.signalsOf(statement);
    }

    function test_areThoseThatTheProverHas() public view {
        (ProofStatement memory statement, , ) = _proved(0);
        assertEq(verifier.signalsOf(statement), _signals(0));
    }

    /// Elements, then 16 bytes of a digest, then zeros; 31 bytes to a number, which no field element is below.
    function testFuzz_areElementsAndBinding(bytes4 input, bytes1 output, uint32 operatorId, uint64 chain) public {
        vm.assume(chain != 0);
        vm.chainId(chain);
        (ProofStatement memory statement, , ) = _proved(0);
        statement.operatorId = operatorId;
        statement.input = _patched(statement.input, statement.input.length - 32, abi.encodePacked(input));
        statement.output = _patched(statement.output, statement.output.length - 32, abi.encodePacked(output));
        bytes32 digest = keccak256(abi.encode(operatorId, uint256(chain), address(verifier), release));
        uint256[] memory signals = verifier.signalsOf(statement);
        assertEq(signals.length, 1);
        assertEq(bytes31(uint248(signals[0])), bytes31(abi.encodePacked(input, output, bytes16(digest), bytes10(0))));
        assertLt(signals[0], 2 ** 248);
        assertLt(signals[0], ORDER);
    }
}
