// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blobs} from "../exact/Blobs.sol";
import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {ExactCommitment, IModelHub, KeyOrigin} from "../interfaces/IModelHub.sol";
import {IProofVerifier, ProofStatement} from "../interfaces/IProofVerifier.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {Bn254} from "./Bn254.sol";
import {PLONK_PROOF_BYTES} from "./PlonkProof.sol";
import {VerifyingKey, loadVerifyingKey} from "./VerifyingKey.sol";

/// @title Groth16Verifier
/// @notice Owns which key each release has, written once by anyone from what the hub holds. Has no other role and no
/// money. Trusts `ModelHub` and its blob store. Proofs of PLONK it hands to the verifier that it was deployed with.
contract Groth16Verifier is IGroth16Verifier {
    uint256 private constant PROOF_BYTES = 256;

    IModelHub public immutable override HUB;
    KeyOrigin public immutable override LEAST_ORIGIN;
    IProofVerifier public immutable override PLONK;
    address private immutable _BLOB_STORE;

    mapping(ReleaseId release => address blob) public override keyOf;

    constructor(IModelHub hub, KeyOrigin leastOrigin, IProofVerifier plonk) {
        HUB = hub;
        LEAST_ORIGIN = leastOrigin;
        PLONK = plonk;
        _BLOB_STORE = hub.MACHINE().BLOB_STORE();
    }

    /// @inheritdoc IKeyedVerifier
    function admitKey(ReleaseId release) external override {
        require(keyOf[release] == address(0), KeyAlreadyAdmitted(release));
        ExactCommitment memory exact = HUB.exactCommitmentOf(release);
        require(exact.zkVerifier == address(this), KeyNotCommitted(release, exact.zkVerifier));
        KeyOrigin origin = exact.zkKeyOrigin;
        // A Groth16 key always rests on secrets of its circuit: none is universal.
        bool isFit = origin >= LEAST_ORIGIN && origin < KeyOrigin.Universal;
        require(isFit, KeyOriginRefused(release, origin, LEAST_ORIGIN));
        address blob = Blobs.addressOf(_BLOB_STORE, exact.zkKeyDigest);
        require(blob.code.length != 0, KeyNotStored(release, exact.zkKeyDigest));
        (VerifyingKey key, uint256 length) = loadVerifyingKey(blob);
        key.requireSound(length, exact.graphRoot, origin);

        keyOf[release] = blob;
        emit KeyAdmitted(release, exact.zkKeyDigest, origin);
    }

    /// @inheritdoc IProofVerifier
    function verify(ProofStatement calldata statement, bytes calldata proof) external view override returns (bool) {
        if (proof.length != PROOF_BYTES) {
            require(proof.length == PLONK_PROOF_BYTES, ProofLengthInvalid(proof.length, PROOF_BYTES));
            return _handedOn();
        }
        VerifyingKey key = _admittedKey(statement.release);
        uint256 data = _data(key, statement);
        return _isProof(key, data, proof);
    }

    /// @inheritdoc IKeyedVerifier
    function signalsOf(ProofStatement calldata statement) external view override returns (uint256[] memory) {
        VerifyingKey key = _admittedKey(statement.release);
        return key.form().signalsIn(_data(key, statement));
    }

    /// @dev The call goes on as it came, without being taken apart: what it reverts with comes through, and anything
    /// but the word 1 is false.
    function _handedOn() private view returns (bool isTrue) {
        address verifier = address(PLONK);
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            if iszero(staticcall(gas(), verifier, data, calldatasize(), 0, 32)) {
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
            isTrue := and(gt(returndatasize(), 31), eq(mload(0), 1))
        }
    }

    function _admittedKey(ReleaseId release) private view returns (VerifyingKey key) {
        address blob = keyOf[release];
        require(blob != address(0), KeyNotAdmitted(release));
        (key, ) = loadVerifyingKey(blob);
    }

    function _data(VerifyingKey key, ProofStatement calldata statement) private view returns (uint256) {
        return key.form().pack(key.parts(), statement, address(this));
    }

    /// @dev e(−A, B) · e(alpha, beta) · e(Σ signals, gamma) · e(C, delta) = 1. That a precompile got too little gas
    /// says nothing about the proof. The sum of points that were checked cannot fail but for that.
    function _isProof(VerifyingKey key, uint256 data, bytes calldata proof) private view returns (bool isProof) {
        uint256 pairs;
        assembly ("memory-safe") {
            pairs := mload(0x40)
        }
        require(_sum(key.signalPoints(), key.form().chunks(), data, pairs + 384), ProofGasTooLow(gasleft()));
        (uint256 prime, uint256 pairingGas) = (Bn254.PRIME, Bn254.PAIRING_GAS + 4 * Bn254.PAIR_GAS);
        (uint256 alpha, uint256 gamma, uint256 delta) = (key.alpha(), key.gamma(), key.delta());
        uint256 before;
        bool isAnswered;
        assembly ("memory-safe") {
            calldatacopy(pairs, proof.offset, 192)
            let y := mload(add(pairs, 32))
            isProof := lt(y, prime)
            mstore(add(pairs, 32), sub(prime, y))
            mcopy(add(pairs, 192), alpha, 192)
            mcopy(add(pairs, 448), gamma, 128)
            calldatacopy(add(pairs, 576), add(proof.offset, 192), 64)
            mcopy(add(pairs, 640), delta, 128)
            if isProof {
                before := gas()
                isAnswered := staticcall(pairingGas, 8, pairs, 768, 0, 32)
                isProof := and(isAnswered, and(eq(returndatasize(), 32), eq(mload(0), 1)))
            }
        }
        // All but a 64th is passed on; what is no point takes whatever that is.
        if (!isAnswered && before != 0) require(before > pairingGas + pairingGas / 32, ProofGasTooLow(before));
    }

    /// @dev Writes to `sum` the point of the constant and, for each signal, its point times it, added up; uses 64 bytes
    /// behind. From the last signal on: each is written behind its point, over what was used already, the last one
    /// over parts and the 32 bytes to spare.
    function _sum(uint256 points, uint256 count, uint256 data, uint256 sum) private view returns (bool isSum) {
        (uint256 addGas, uint256 multiplyGas) = (Bn254.ADD_GAS, Bn254.MULTIPLY_GAS);
        assembly ("memory-safe") {
            mcopy(sum, points, 64)
            isSum := 1
            let product := add(sum, 64)
            let point := add(points, mul(64, count))
            for {
                let chunk := add(data, mul(31, count))
            } gt(chunk, data) {
                point := sub(point, 64)
            } {
                chunk := sub(chunk, 31)
                let signal := shr(8, mload(chunk))
                // Nothing times a point adds nothing.
                if signal {
                    mstore(add(point, 64), signal)
                    // From the right to the left: first the product, then what it returned, then the sum.
                    isSum := and(
                        and(eq(returndatasize(), 64), staticcall(addGas, 6, sum, 128, sum, 64)),
                        and(and(eq(returndatasize(), 64), staticcall(multiplyGas, 7, point, 96, product, 64)), isSum)
                    )
                }
            }
        }
    }
}
