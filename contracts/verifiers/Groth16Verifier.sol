// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blobs} from "../exact/Blobs.sol";
import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {ExactCommitment, IModelHub, KeyOrigin} from "../interfaces/IModelHub.sol";
import {IProofVerifier, ProofStatement} from "../interfaces/IProofVerifier.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {Bn254} from "./Bn254.sol";
import {BINDING_BYTES, CHUNK_BYTES, VerifyingKey, loadVerifyingKey} from "./VerifyingKey.sol";

/// @title Groth16Verifier
/// @notice Owns which key each release has, written once by anyone from what the hub holds. Has no other role and no
/// money. Trusts `ModelHub` and its blob store.
contract Groth16Verifier is IGroth16Verifier {
    uint256 private constant PROOF_BYTES = 256;

    IModelHub public immutable override HUB;
    KeyOrigin public immutable override LEAST_ORIGIN;
    address private immutable _BLOB_STORE;

    mapping(ReleaseId release => address blob) public override keyOf;

    constructor(IModelHub hub, KeyOrigin leastOrigin) {
        HUB = hub;
        LEAST_ORIGIN = leastOrigin;
        _BLOB_STORE = hub.MACHINE().BLOB_STORE();
    }

    /// @inheritdoc IGroth16Verifier
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
        key.requireSound(length, exact.graphRoot);

        keyOf[release] = blob;
        emit KeyAdmitted(release, exact.zkKeyDigest, origin);
    }

    /// @inheritdoc IProofVerifier
    function verify(ProofStatement calldata statement, bytes calldata proof) external view override returns (bool) {
        require(proof.length == PROOF_BYTES, ProofLengthInvalid(proof.length, PROOF_BYTES));
        VerifyingKey key = _admittedKey(statement.release);
        uint256 data = _data(key, statement);
        return _isProof(key, data, proof);
    }

    /// @inheritdoc IGroth16Verifier
    function signalsOf(ProofStatement calldata statement) external view override returns (uint256[] memory signals) {
        VerifyingKey key = _admittedKey(statement.release);
        uint256 data = _data(key, statement);
        uint256 count = key.chunks();
        signals = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint256 place = data + i * CHUNK_BYTES;
            assembly ("memory-safe") {
                mstore(add(signals, mul(32, add(i, 1))), shr(8, mload(place)))
            }
        }
    }

    function _admittedKey(ReleaseId release) private view returns (VerifyingKey key) {
        address blob = keyOf[release];
        require(blob != address(0), KeyNotAdmitted(release));
        (key, ) = loadVerifyingKey(blob);
    }

    /// @return data where all elements are in memory without gaps, then the binding, then zeros
    function _data(VerifyingKey key, ProofStatement calldata statement) private view returns (uint256 data) {
        bytes32 digest = keccak256(abi.encode(statement.operatorId, block.chainid, address(this), statement.release));
        uint256 length;
        // No more than the key's blob is long, times 31.
        unchecked {
            length = key.chunks() * CHUNK_BYTES;
        }
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(0x40, add(data, and(add(length, 63), not(31))))
        }
        bytes calldata input = statement.input;
        bytes calldata output = statement.output;
        bool hasForm = input.length == key.inputLength() && output.length == key.outputLength();
        require(hasForm, StatementFormInvalid(statement.release));
        (uint256 part, uint256 outputPart, uint256 lastPart) = key.partPlaces();
        (bytes32 inputFrame, uint256 end) = _moveElements(input, part, outputPart, data);
        uint256 bindingBytes = BINDING_BYTES;
        bytes32 outputFrame;
        (outputFrame, end) = _moveElements(output, outputPart, lastPart, end);
        assembly ("memory-safe") {
            // Behind the part of the digest that counts, the last chunk has at most 30 bytes more.
            mstore(end, digest)
            mstore(add(end, bindingBytes), 0)
        }
        hasForm = inputFrame == key.inputDigest() && outputFrame == key.outputDigest();
        require(hasForm, StatementFormInvalid(statement.release));
    }

    /// @dev Elements lie inside the encoding, and their sum inside the data: the key was checked.
    /// @return frame digest of the encoding with zeros for elements
    /// @return end where the next elements go
    function _moveElements(
        bytes calldata encoding,
        uint256 part,
        uint256 lastPart,
        uint256 to
    ) private pure returns (bytes32 frame, uint256 end) {
        assembly ("memory-safe") {
            let copy := mload(0x40)
            calldatacopy(copy, encoding.offset, encoding.length)
            for {} lt(part, lastPart) {
                part := add(part, 8)
            } {
                let start := shr(224, mload(part))
                let size := and(shr(192, mload(part)), 0xffffffff)
                calldatacopy(to, add(encoding.offset, start), size)
                calldatacopy(add(copy, start), calldatasize(), size)
                to := add(to, size)
            }
            frame := keccak256(copy, encoding.length)
            end := to
        }
    }

    /// @dev e(−A, B) · e(alpha, beta) · e(Σ signals, gamma) · e(C, delta) = 1. That a precompile got too little gas
    /// says nothing about the proof. The sum of points that were checked cannot fail but for that.
    function _isProof(VerifyingKey key, uint256 data, bytes calldata proof) private view returns (bool isProof) {
        uint256 pairs;
        assembly ("memory-safe") {
            pairs := mload(0x40)
        }
        require(_sum(key.signalPoints(), key.chunks(), data, pairs + 384), ProofGasTooLow(gasleft()));
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
