// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofVerifier, ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {Actor} from "./NetworkFixture.sol";
import {EvidenceFixture} from "./EvidenceFixture.sol";
import {StatementVerifier} from "./StatementVerifier.sol";

/// The network with one operator, and a verifier that no mode has yet.
abstract contract ProofFixture is EvidenceFixture {
    bytes internal constant INPUT = "input";
    bytes internal constant OUTPUT = "output";

    Actor internal actor;
    IProofVerifier internal verifier;

    function setUp() public virtual override {
        super.setUp();
        actor = _onboard("operator");
        verifier = new StatementVerifier();
    }

    function _setVerifier(Mode mode) internal {
        vm.prank(governor);
        settlement.setVerifier(mode, verifier);
    }

    /// `actor` gave `output` for `input` with `release`.
    function _statement(bytes memory input, bytes memory output) internal view returns (ProofStatement memory) {
        return ProofStatement(release, actor.id, actor.signer, input, output);
    }

    /// What `StatementVerifier` accepts for `statement`, as callers of `requireProof` bring it.
    function _proofOf(ProofStatement memory statement) internal pure returns (bytes memory) {
        return abi.encode(statement.input, abi.encode(keccak256(abi.encode(statement))));
    }
}
