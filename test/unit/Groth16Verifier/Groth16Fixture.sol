// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGroth16Verifier} from "../../../contracts/interfaces/IGroth16Verifier.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {VectorFixture} from "../support/VectorFixture.sol";

/// Verifiers where the proofs of Groth16 are for.
abstract contract Groth16Fixture is VectorFixture("test/fixtures/zk/groth16Vectors.json") {
    uint256 internal constant ALPHA = 128;
    uint256 internal constant BETA = 192;
    uint256 internal constant GAMMA = 320;
    uint256 internal constant DELTA = 448;
    uint256 internal constant SIGNALS = 576;
    uint256 internal constant PARTS = 704;

    IGroth16Verifier internal verifier;

    function setUp() public virtual override {
        super.setUp();
        (, , address place) = _proved(0);
        verifier = _deployAt(place);
        _commit(release, address(verifier), key, KeyOrigin.Single);
        verifier.admitKey(release);
    }

    function _deployAt(address place) internal returns (IGroth16Verifier) {
        bytes memory arguments = abi.encode(hub, KeyOrigin.Single, makeAddr("plonk"));
        deployCodeTo("contracts/verifiers/Groth16Verifier.sol:Groth16Verifier", arguments, place);
        return IGroth16Verifier(place);
    }
}
