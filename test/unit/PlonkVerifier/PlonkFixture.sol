// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPlonkVerifier} from "../../../contracts/interfaces/IPlonkVerifier.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {VectorFixture} from "../support/VectorFixture.sol";

/// Verifiers where the proofs of PLONK are for, which take keys on the powers of tau that the key rests on.
abstract contract PlonkFixture is VectorFixture("test/fixtures/zk/plonkVectors.json") {
    uint256 internal constant SELECTORS = 128;
    uint256 internal constant PERMUTATIONS = 448;
    uint256 internal constant SECRET = 640;
    uint256 internal constant ROOT = 768;
    uint256 internal constant PARTS = 800;
    uint256 internal constant PROOF_BYTES = 768;

    IPlonkVerifier internal verifier;
    bytes32 internal powers;

    function setUp() public virtual override {
        super.setUp();
        powers = keccak256(_cut(key, SECRET, ROOT));
        (, , address place) = _proved(0);
        verifier = _deployAt(place, powers);
        _commit(release, address(verifier), key, KeyOrigin.Universal);
        verifier.admitKey(release);
    }

    function _deployAt(address place, bytes32 accepted) internal returns (IPlonkVerifier) {
        bytes32[] memory list = new bytes32[](1);
        list[0] = accepted;
        deployCodeTo("contracts/verifiers/PlonkVerifier.sol:PlonkVerifier", abi.encode(hub, list), place);
        return IPlonkVerifier(place);
    }
}
